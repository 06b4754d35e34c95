package istio

import (
	"fmt"
	"strconv"
	"strings"
)

// Bounds of a Keepalive, those of Linux.
// Source: https://github.com/torvalds/linux/blob/v6.12/include/net/tcp.h
// (MAX_TCP_KEEPIDLE, MAX_TCP_KEEPINTVL, MAX_TCP_KEEPCNT)
const (
	// MaxKeepaliveSeconds bounds a Keepalive's Time and Interval.
	MaxKeepaliveSeconds = 32767
	// MaxKeepaliveProbes bounds a Keepalive's Probes.
	MaxKeepaliveProbes = 127
)

// Keepalive is one setting of TCP keepalive.
type Keepalive struct {
	Time     uint16 // seconds of idleness before the first probe, 1-32767
	Interval uint16 // seconds between probes, 1-32767
	Probes   uint8  // unanswered probes before the connection is dropped, 1-127
}

// String is the form of annotations and object names: "120s-30s-3".
func (k Keepalive) String() string {
	text := make([]byte, 0, len("32767s-32767s-127"))
	text = strconv.AppendUint(text, uint64(k.Time), 10)
	text = append(text, "s-"...)
	text = strconv.AppendUint(text, uint64(k.Interval), 10)
	text = append(text, "s-"...)
	text = strconv.AppendUint(text, uint64(k.Probes), 10)
	return string(text)
}

// ParseKeepalive reads String's form, and only that: the text is compared as a
// whole when it selects a mesh object, so "2m-30s-3" would select none.
func ParseKeepalive(s string) (Keepalive, error) {
	time, rest, _ := strings.Cut(s, "s-")
	interval, probes, _ := strings.Cut(rest, "s-")
	var k Keepalive
	for _, part := range []struct {
		name string
		text string
		max  uint64
		set  func(uint64)
	}{
		{"time", time, MaxKeepaliveSeconds, func(n uint64) { k.Time = uint16(n) }},
		{"interval", interval, MaxKeepaliveSeconds, func(n uint64) { k.Interval = uint16(n) }},
		{"probes", probes, MaxKeepaliveProbes, func(n uint64) { k.Probes = uint8(n) }},
	} {
		n, err := strconv.ParseUint(part.text, 10, 16)
		if err != nil {
			return Keepalive{}, fmt.Errorf("got keepalive %q, want time, interval and probes "+
				"like \"120s-30s-3\"", s)
		}
		if n < 1 || n > part.max {
			return Keepalive{}, fmt.Errorf("got keepalive %q with %s %d, want 1 to %d",
				s, part.name, n, part.max)
		}
		part.set(n)
	}
	if canonical := k.String(); canonical != s {
		return Keepalive{}, fmt.Errorf("got keepalive %q, want %q", s, canonical)
	}
	return k, nil
}
