package patterns

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/holdfast-mesh/holdfast/internal/ports"
	"github.com/holdfast-mesh/holdfast/istio"

	"pgregory.net/rapid"
)

func TestPackPatterns(t *testing.T) {
	text := func(size int) Alternative {
		return Alternative{strings.Repeat("a", size-1), size}
	}
	tests := []struct {
		rule  string
		given []Alternative
		want  int
	}{
		{"nothing needs no pattern", nil, 0},
		{"duplicates are dropped", []Alternative{text(70), text(70)}, 1},
		{"a pattern is filled to the brim", []Alternative{text(70), text(7)}, 1},
		{"and not further", []Alternative{text(70), text(8)}, 2},
		{"the largest come first: 57+20, 47+30", []Alternative{text(20), text(30), text(47), text(57)}, 2},
	}
	for _, test := range tests {
		t.Run(test.rule, func(t *testing.T) {
			got := Pack(test.given)
			if len(got) != test.want {
				t.Fatalf("got %d patterns, want %d: %q", len(got), test.want, got)
			}
			for _, p := range got {
				if size, err := instructions(p); err != nil || size > maxInstructions {
					t.Errorf("got %d instructions (%v), want at most %d: %s", size, err, maxInstructions, p)
				}
			}
		})
	}
}

func TestPackPatternsProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var alternatives []Alternative
		for i := range rapid.IntRange(0, 24).Draw(t, "count") {
			size := rapid.IntRange(2, patternRoom).Draw(t, "size")
			alternatives = append(alternatives, Alternative{fmt.Sprintf("%02d", i)[:1] + strings.Repeat(string(rune('a'+i)), size-2), size})
		}
		given := slices.Clone(alternatives)
		packed := Pack(alternatives)
		if !slices.Equal(given, alternatives) {
			t.Fatal("the argument was changed")
		}
		shuffled := rapid.Permutation(slices.Concat(alternatives, alternatives)).Draw(t, "order")
		if again := Pack(shuffled); !slices.Equal(packed, again) {
			t.Fatalf("got %q in another order and with duplicates, want %q", again, packed)
		}
		total := 0
		for _, p := range packed {
			size, err := instructions(p)
			if err != nil || size > maxInstructions {
				t.Fatalf("got %d instructions (%v), want at most %d: %s", size, err, maxInstructions, p)
			}
			total += size
		}
		size := 0
		for _, a := range alternatives {
			size += a.size
			if !slices.ContainsFunc(packed, func(p string) bool { return regexp.MustCompile(p).MatchString(a.text) }) {
				t.Fatalf("%q is in no pattern of %q", a.text, packed)
			}
		}
		// Two patterns that are each half empty would have been one.
		if n := len(packed); n > 1 && size*2 < (n-1)*patternRoom {
			t.Fatalf("got %d patterns for a total of %d", n, size)
		}
	})
}

// usual draws networks and ports as rules files have them.
func usual(r *rand.Rand, v4, v6, ranges int) Destinations {
	var d Destinations
	for range v4 {
		var a [4]byte
		for i := range a {
			a[i] = byte(r.UintN(256))
		}
		d.Prefixes = append(d.Prefixes, netip.PrefixFrom(netip.AddrFrom4(a), 8+r.IntN(25)).Masked())
	}
	for range v6 {
		var a [16]byte
		a[0], a[1] = 0x20, 0x01
		for i := 1; i < 8; i++ {
			if r.IntN(3) > 0 {
				a[2*i], a[2*i+1] = byte(r.UintN(256)), byte(r.UintN(256))
			}
		}
		d.Prefixes = append(d.Prefixes, netip.PrefixFrom(netip.AddrFrom16(a), 16+r.IntN(113)).Masked())
	}
	for range ranges {
		first := uint16(1 + r.UintN(65000))
		last := first
		if r.IntN(4) == 0 {
			last += uint16(r.UintN(500))
		}
		d.Ports = append(d.Ports, ports.Range{First: first, Last: last})
	}
	return d
}

// Random sets of one to five IPv4 or one to three IPv6 networks, at any prefix
// length, with one to three ports fit into one key mostly: what the bound of
// eight keys rests on. The bounds are what was counted and a little more, so
// that a change that makes patterns larger shows.
func TestFewKeys(t *testing.T) {
	tests := []struct {
		rule   string
		ranges bool
		one    int // of 1000 sets, how many fit into one key at least
		most   int // keys of any set
		v4, v6 int
	}{
		{rule: "IPv4 and single ports", v4: 5, one: 830, most: 2},
		{rule: "IPv6 and single ports", v6: 3, one: 830, most: 3},
		{rule: "IPv4, ranges among the ports", v4: 5, ranges: true, one: 760, most: 5},
		{rule: "IPv6, ranges among the ports", v6: 3, ranges: true, one: 750, most: 6},
	}
	for _, test := range tests {
		t.Run(test.rule, func(t *testing.T) {
			r := rand.New(rand.NewPCG(1, 2))
			var keys [istio.MaxDestinationKeys + 1]int
			for range 1000 {
				d := usual(r, min(test.v4, 1+r.IntN(5)), min(test.v6, 1+r.IntN(3)), 1+r.IntN(3))
				for i := range d.Ports {
					if !test.ranges {
						d.Ports[i].Last = d.Ports[i].First
					}
				}
				keys[len(Pack(For(d)))]++
			}
			t.Logf("sets in 0, 1, 2 ... keys: %v", keys)
			if keys[1] < test.one {
				t.Errorf("got %d of 1000 sets in one key, want at least %d", keys[1], test.one)
			}
			for n, count := range keys {
				if n > test.most && count > 0 {
					t.Errorf("got %d sets in %d keys, want at most %d", count, n, test.most)
				}
			}
		})
	}
}

func FuzzDestinations(f *testing.F) {
	f.Add(uint32(0x0a140000), uint8(16), uint64(0x20010db8_00000000), uint64(0), uint8(32), uint16(6379), uint16(6380), uint16(3306))
	f.Add(uint32(0), uint8(0), uint64(0), uint64(0), uint8(50), uint16(13368), uint16(38472), uint16(0))
	f.Fuzz(func(t *testing.T, v4 uint32, bits4 uint8, high, low uint64, bits6 uint8, first, last, port uint16) {
		a := netip.AddrFrom4([4]byte(binary.BigEndian.AppendUint32(nil, v4)))
		b := netip.AddrFrom16([16]byte(binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(nil, high), low)))
		d := Destinations{
			Ports:    []ports.Range{{First: min(first, last), Last: max(first, last)}, {First: port, Last: port}},
			Prefixes: []netip.Prefix{netip.PrefixFrom(a, int(bits4)), netip.PrefixFrom(b, int(bits6))},
		}
		addresses := []netip.Addr{a, b}
		for _, p := range d.Prefixes {
			if p.IsValid() {
				masked := p.Masked().Addr()
				addresses = append(addresses, masked, flip(masked, masked.BitLen()-1), flip(masked, int(port)%masked.BitLen()))
			}
		}
		checkDestinations(t, d, addresses, []uint16{first, last, port, first + 1, last - 1, port / 10})
	})
}

func BenchmarkDestinationAlternatives(b *testing.B) {
	for _, bench := range []struct {
		name   string
		v4, v6 int
		ports  int
	}{{"one network one port", 1, 0, 1}, {"five networks three ports", 5, 0, 3}, {"three IPv6 networks three ports", 0, 3, 3}} {
		b.Run(bench.name, func(b *testing.B) {
			r := rand.New(rand.NewPCG(1, 2))
			var sets []Destinations
			for range 64 {
				sets = append(sets, usual(r, bench.v4, bench.v6, bench.ports))
			}
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				For(sets[i%len(sets)])
			}
		})
	}
}

func BenchmarkPackPatterns(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, rules := range []int{1, 10} {
		b.Run(fmt.Sprintf("%d rules", rules), func(b *testing.B) {
			var alternatives []Alternative
			for range rules {
				alternatives = append(alternatives, For(usual(r, 1, 0, 1))...)
			}
			b.ReportAllocs()
			for b.Loop() {
				Pack(alternatives)
			}
		})
	}
}
