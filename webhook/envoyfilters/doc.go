// Package envoyfilters keeps the mesh objects that rules need as the rules say:
// those of keepalive and of gateways, which come and go with values and entries
// in the rules file. The object for destinations is none of them: it is the same
// for every file, and applied once with holdfast.
//
// An edit of an EnvoyFilter may cut connections, and so may its deletion. So this
// package
//
//   - changes only objects that carry its own label, and those only when what
//     they say differs from what the rules need;
//   - deletes the object of a keepalive only when for a while no rule has named
//     the value and no running pod carries it;
//   - does nothing before rules are loaded, and nothing to gateways while the
//     rules file only observes.
//
// One replica works at a time, the holder of a Lease. Nothing here is in the way
// of admission: without Istio, without rights, or without an API server this
// package waits and tries again, and log and metrics say why.
package envoyfilters
