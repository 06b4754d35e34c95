// Package cluster knows a cluster by watching it: the labels of its namespaces, the
// addresses in the ConfigMaps of those that are considered,
// what Istio was installed with, by revision and tag, which EnvoyFilters are in
// its root namespace, and, for whoever wants to follow it, one ConfigMap. It is
// the admission.Cluster of a server that runs in a cluster.
//
// A question is answered from memory, without waiting. While the API server is
// away, or refuses a watch, what is known stays in use; the log says so once,
// readiness checks and a metric say what has never been read. Requests are as
// few and as narrow as the RBAC rules that holdfast ships: three kinds of objects
// by their metadata alone, ConfigMaps of Istio's root namespace by label.
package cluster
