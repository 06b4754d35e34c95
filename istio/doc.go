// Package istio is what holdfast knows of Istio: annotation keys and their
// exact grammars, how istiod reads durations, and whether the injector will
// give a pod a sidecar. Its packages edit proxy.istio.io/config and write
// destinations as patterns. All are leaves: text in, text out, no network and
// no Kubernetes client.
package istio
