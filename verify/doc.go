// Package verify says whether what a pod asks for in its annotations is in force in
// its proxy, what overrides it, and what happens to one connection.
//
// [Check] holds the pod against the config dump of its Envoy ([dump.Read]), one file
// per strategy. [Follow] walks the way of one connection as iptables and Envoy would
// choose it. Both only compare texts: what neither of them can show is listed in
// [Report].NotSeen, so that silence is never taken for a yes.
package verify
