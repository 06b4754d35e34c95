// Package annotations_test holds what holdfast writes against Istio's own
// exported validators and parsers, over generated rules and pods.
package annotations_test
