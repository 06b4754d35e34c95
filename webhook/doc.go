// Package webhook runs the admission server. Run is all of it: it takes Options,
// opens the ports, starts what feeds the handlers of package admission, serves
// until its context ends, and drains.
//
// What feeds the handlers follows its source for as long as the server runs,
// and keeps the last good state when something new is broken:
//
//   - the rules: a file, whose folder is watched, or a ConfigMap, on which Events
//     tell of problems (source_file.go, source_configmap.go, events.go);
//   - the labels of namespaces and the settings of Istio (package cluster), where
//     there is a cluster (kubeconfig.go);
//   - the certificate: a mounted Secret (certs.go, watchdir.go), or one of its own
//     making (package certificates).
//
// Around them stand readiness, which says what is still missing (health.go),
// the ports with their time limits and the end of requests in flight
// (listeners.go), and metrics.
package webhook
