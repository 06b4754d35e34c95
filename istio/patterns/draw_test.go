package patterns

import (
	"net/netip"
	"slices"

	"pgregory.net/rapid"

	"github.com/holdfast-mesh/holdfast/internal/ports"
)

// octets and groups that zero compression and digit counts make special.
var (
	edgeOctets = []byte{0, 1, 9, 10, 19, 99, 100, 127, 128, 199, 200, 249, 250, 254, 255}
	edgeGroups = []uint16{0, 0, 0, 0, 0, 1, 9, 0xa, 0xf, 0x10, 0x99, 0xff, 0x100, 0xfff, 0x1000, 0x7fff, 0x8000, 0xfffe, 0xffff}
)

func drawAddress(t *rapid.T) netip.Addr {
	if rapid.Bool().Draw(t, "v4") {
		var a [4]byte
		for i := range a {
			a[i] = rapid.OneOf(rapid.SampledFrom(edgeOctets), rapid.Byte()).Draw(t, "octet")
		}
		if rapid.IntRange(0, 3).Draw(t, "mapped") == 0 {
			return netip.AddrFrom16(netip.AddrFrom4(a).As16())
		}
		return netip.AddrFrom4(a)
	}
	var a [16]byte
	for i := range 8 {
		g := rapid.OneOf(rapid.SampledFrom(edgeGroups), rapid.SampledFrom(edgeGroups), rapid.Uint16()).Draw(t, "group")
		a[2*i], a[2*i+1] = byte(g>>8), byte(g)
	}
	return netip.AddrFrom16(a)
}

func drawNetwork(t *rapid.T) netip.Prefix {
	a := drawAddress(t)
	if rapid.IntRange(0, 3).Draw(t, "aligned") > 0 {
		return netip.PrefixFrom(a, a.BitLen()/8*rapid.IntRange(0, 8).Draw(t, "eighths"))
	}
	return netip.PrefixFrom(a, rapid.IntRange(0, a.BitLen()).Draw(t, "bits"))
}

func drawPort(t *rapid.T) uint16 {
	return rapid.OneOf(rapid.Uint16(), rapid.SampledFrom([]uint16{0, 1, 9, 10, 99, 100, 999, 1000, 6379, 9999, 10000, 59999, 60000, 65000, 65500, 65529, 65530, 65534, 65535})).Draw(t, "port")
}

func drawDestinations(t *rapid.T) Destinations {
	var d Destinations
	for range rapid.IntRange(0, 3).Draw(t, "ranges") {
		a, b := drawPort(t), drawPort(t)
		if rapid.Bool().Draw(t, "single") {
			b = a
		}
		d.Ports = append(d.Ports, ports.Range{First: min(a, b), Last: max(a, b)})
	}
	for range rapid.IntRange(0, 4).Draw(t, "prefixes") {
		d.Prefixes = append(d.Prefixes, drawNetwork(t))
	}
	return d
}

// probes are addresses where a mistake would show: the ends of each prefix,
// their neighbours, addresses inside with groups of zeros anywhere, and
// strangers.
func probes(t *rapid.T, d Destinations) []netip.Addr {
	var out []netip.Addr
	for _, p := range d.Prefixes {
		first := p.Masked().Addr()
		last := fill(p, first, func(int) byte { return 0xff })
		out = append(out, first, last, first.Prev(), last.Next())
		for range 4 {
			zeros := rapid.Byte().Draw(t, "zeros")
			inside := fill(p, first, func(i int) byte {
				if zeros&(1<<(i/2%8)) != 0 {
					return 0
				}
				return rapid.Byte().Draw(t, "byte")
			})
			out = append(out, inside)
			// The same with one bit of the prefix changed is outside.
			if p.Bits() > 0 {
				out = append(out, flip(inside, rapid.IntRange(0, p.Bits()-1).Draw(t, "bit")))
			}
		}
	}
	for range 4 {
		out = append(out, drawAddress(t))
	}
	return slices.DeleteFunc(out, func(a netip.Addr) bool { return !a.IsValid() })
}

// fill replaces the bits behind the prefix.
func fill(p netip.Prefix, first netip.Addr, with func(i int) byte) netip.Addr {
	bytes := first.AsSlice()
	for i := range bytes {
		free := min(8, max(0, 8*(i+1)-p.Bits()))
		bytes[i] |= with(i) & (1<<free - 1)
	}
	a, _ := netip.AddrFromSlice(bytes)
	return a
}

func flip(a netip.Addr, bit int) netip.Addr {
	bytes := a.AsSlice()
	bytes[bit/8] ^= 0x80 >> (bit % 8)
	out, _ := netip.AddrFromSlice(bytes)
	return out
}

func portProbes(t *rapid.T, d Destinations) []uint16 {
	out := []uint16{0, 65535, drawPort(t), drawPort(t)}
	for _, r := range d.Ports {
		out = append(out, r.First, r.Last, r.First-1, r.Last+1, r.First/2+r.Last/2, r.First/10, r.Last/10)
	}
	return out
}
