package istio

import "net/netip"

// PortRange is a closed range of ports.
type PortRange struct{ First, Last uint16 }

// Destinations are connections to any of the ports AND any of the prefixes. An
// empty list on one side means any.
type Destinations struct {
	Ports    []PortRange
	Prefixes []netip.Prefix
}

// MaxPatternInstructions bounds the size of one pattern, counted in
// instructions of Go's regexp/syntax. Envoy refuses RE2 programs above 100;
// the two counts differ by a little.
const MaxPatternInstructions = 80

// Alternative is one branch of a pattern: a regular expression without anchors
// for texts like "10.20.1.5:6379" and "[2001:db8::1]:6379".
type Alternative struct {
	Text string
	Size int // what it adds to a pattern's instructions, at the most
}

// DestinationAlternatives covers d exactly with alternatives that each fit
// into one pattern, as few instructions as possible.
func DestinationAlternatives(d Destinations) []Alternative { panic("skeleton") }

// PackPatterns joins alternatives into as few anchored patterns as possible,
// each within MaxPatternInstructions. Duplicates are dropped. The result
// depends only on the alternatives, not on their order.
func PackPatterns(alternatives []Alternative) []string { panic("skeleton") }

// PatternInstructions counts the instructions of a pattern's program.
func PatternInstructions(pattern string) (int, error) { panic("skeleton") }
