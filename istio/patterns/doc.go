// Package patterns writes destinations as RE2 patterns over the addresses that
// Envoy prints, such as "10.20.1.5:6379" and "[2001:db8::1]:6379".
//
// For turns the Destinations of one rule, ports and prefixes, into
// Alternatives. Pack joins those of all rules that match a pod into patterns,
// of which each stands in a key of the pod's proxyMetadata.
//
// Envoy compiles a pattern for each connection and refuses large ones, and what
// it refuses matches nothing. So patterns are kept small: numbers are written
// digit by digit, addresses octet by octet or group by group, common beginnings
// and ends stand once, and "." is not used, which costs RE2 several
// instructions. A pattern holds printable ASCII without quotes, backslashes
// and "$(", for Istio pastes it between quotes and the kubelet expands "$(".
package patterns
