package texts

import (
	"strings"
	"testing"
)

// Names are as long as DNS has them, with or without a final dot.
func TestLongestName(t *testing.T) {
	name := strings.Repeat("a.", maxName/2) + "a" // 253 bytes
	for text, want := range map[string]bool{name: true, name + ".": true, name + "a": false, name + "a.": false} {
		if _, ok := parseHost(text); ok != want {
			t.Errorf("%d bytes: got a host: %v, want %v", len(text), ok, want)
		}
	}
}

// Space that a hostile pod made big is not kept.
func TestForget(t *testing.T) {
	for pairs, want := range map[int]bool{big - 1: true, big: false} {
		r := &Reader{pairs: make([]pair, pairs), searches: 1}
		if r.Forget(); r.searches != 0 || (cap(r.pairs) > 0) != want {
			t.Errorf("%d pairs: got %d searches, room for %d pairs; want none, and room: %v", pairs, r.searches, cap(r.pairs), want)
		}
	}
}
