// Package dump reads what an Envoy says of itself on its admin port: the parts of
// /config_dump and /server_info that decide how long TCP connections live.
//
// A dump of a large mesh has 100 MB and more. [Read] takes it element by element
// and keeps names, addresses and timeouts, so that memory is bounded by what is
// kept and by the largest single listener or cluster. Envoy writes keys in
// snake_case, istioctl in camelCase; both are read. What it does not know it
// steps over, whatever its @type.
package dump
