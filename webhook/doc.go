// Package webhook runs the admission server: TLS, readiness and drain around
// the handlers of package admission, and what feeds them, the rules of a file
// or a ConfigMap, the labels of namespaces and the settings of Istio.
package webhook
