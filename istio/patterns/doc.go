// Package patterns writes sets of ports and prefixes as RE2 patterns over the
// addresses that Envoy prints, small enough for Envoy's limit on patterns.
package patterns
