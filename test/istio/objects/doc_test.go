// Package objects_test holds what package mesh makes against Istio's own
// exported validators and Envoy's own types, over files and generated rules.
package objects_test
