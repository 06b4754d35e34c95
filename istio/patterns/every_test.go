//go:build !race

// Millions of matches in one goroutine: the race detector would find nothing
// in them, and take fifty times as long.

package patterns

import (
	"net/netip"
	"regexp"
	"testing"

	"pgregory.net/rapid"

	"github.com/holdfast-mesh/holdfast/internal/ports"
)

// Every place and length of zero runs, in the prefix and behind it: the groups
// are 0 or 1, which makes 256 addresses, and every prefix length of each.
func TestEveryZeroRun(t *testing.T) {
	var addresses []netip.Addr
	for set := range 256 {
		var a [16]byte
		for i := range 8 {
			a[2*i+1] = byte(set >> i & 1)
		}
		addresses = append(addresses, netip.AddrFrom16(a))
	}
	step := 1
	if testing.Short() {
		step = 7
	}
	for i := 0; i < len(addresses); i += step {
		for _, bits := range []int{0, 1, 15, 16, 17, 31, 32, 33, 48, 63, 64, 65, 79, 80, 96, 97, 112, 127, 128} {
			d := Destinations{Prefixes: []netip.Prefix{netip.PrefixFrom(addresses[i], bits)}, Ports: []ports.Range{{First: 1, Last: 1}}}
			checkDestinations(t, d, addresses, []uint16{1})
		}
	}
}

// Every port of random sets of ranges.
func TestEveryPort(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var d Destinations
		for range rapid.IntRange(1, 4).Draw(t, "ranges") {
			a, b := drawPort(t), drawPort(t)
			d.Ports = append(d.Ports, ports.Range{First: min(a, b), Last: max(a, b)})
		}
		expression := regexp.MustCompile("^(?:" + writePorts(ports.Merge(d.Ports))[1].text + ")$")
		var text []byte
		for port := range 65536 {
			text = netip.AddrPortFrom(netip.IPv4Unspecified(), uint16(port)).AppendTo(text[:0])
			want := d.contains(netip.AddrPortFrom(netip.IPv4Unspecified(), uint16(port)))
			if got := expression.Match(text[len("0.0.0.0:"):]); got != want {
				t.Fatalf("%v: port %d matched: got %v, want %v by %s", d.Ports, port, got, want, expression)
			}
		}
	})
}
