// Package istio is what holdfast knows of Istio: annotation keys and their
// exact grammars, how istiod reads durations, whether the injector will give a
// pod a sidecar, and how proxy.istio.io/config is edited without losing what
// its author wrote. It is a leaf: text in, text out, no network and no
// Kubernetes client.
package istio
