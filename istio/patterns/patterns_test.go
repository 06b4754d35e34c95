package patterns

import (
	"fmt"
	"net/netip"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/holdfast-mesh/holdfast/internal/ports"
)

func networks(texts ...string) []netip.Prefix {
	var out []netip.Prefix
	for _, t := range texts {
		out = append(out, netip.MustParsePrefix(t))
	}
	return out
}

func TestDestinationAlternatives(t *testing.T) {
	tests := []struct {
		rule     string
		d        Destinations
		patterns []string
	}{
		{
			"one address and one port are written out",
			Destinations{[]ports.Range{{First: 6379, Last: 6379}}, networks("10.20.1.5/32")},
			[]string{"^(?:10[.]20[.]1[.]5:6379)$"},
		},
		{
			"a prefix at an octet's end leaves the rest open",
			Destinations{[]ports.Range{{First: 6379, Last: 6379}}, networks("10.20.0.0/16")},
			[]string{"^(?:10[.]20[.][!-~]+:6379)$"},
		},
		{
			"host bits do not count",
			Destinations{[]ports.Range{{First: 6379, Last: 6379}}, networks("10.20.1.5/16")},
			[]string{"^(?:10[.]20[.][!-~]+:6379)$"},
		},
		{
			"no prefixes mean every address",
			Destinations{[]ports.Range{{First: 3306, Last: 3306}, {First: 6379, Last: 6379}}, nil},
			[]string{"^(?:[!-~]+:(?:3306|6379))$"},
		},
		{
			"no ports mean every port",
			Destinations{nil, networks("10.0.0.0/8", "192.168.0.7/32")},
			[]string{"^(?:(?:10[.]|192[.]168[.]0[.]7:)[!-~]+)$"},
		},
		{
			"nothing given means everything",
			Destinations{},
			[]string{"^(?:[!-~]+)$"},
		},
		{
			"adjacent ranges and prefixes are one",
			Destinations{[]ports.Range{{First: 7003, Last: 7009}, {First: 7000, Last: 7003}}, networks("10.1.0.0/17", "10.1.128.0/17", "10.1.3.0/24")},
			[]string{"^(?:10[.]1[.][!-~]+:700[0-9])$"},
		},
		{
			"a prefix that is given twice is one",
			Destinations{nil, networks("10.1.0.0/16", "10.1.0.0/16")},
			[]string{"^(?:10[.]1[.][!-~]+)$"},
		},
		{
			"an IPv6 prefix of two groups",
			Destinations{[]ports.Range{{First: 6379, Last: 6379}}, networks("2001:db8::/32")},
			[]string{"^(?:[[]2001:db8:[!-~]+:6379)$"},
		},
		{
			"zero groups inside the prefix are part of the run",
			Destinations{[]ports.Range{{First: 6379, Last: 6379}}, networks("64:ff9b::/96")},
			[]string{"^(?:[[]64:ff9b::[0-9a-f]*:?[0-9a-f]*[]]:6379)$"},
		},
		{
			"an IPv4-mapped prefix is an IPv4 prefix, for so Envoy prints it",
			Destinations{[]ports.Range{{First: 6379, Last: 6379}}, networks("::ffff:10.20.0.0/112")},
			[]string{"^(?:10[.]20[.][!-~]+:6379)$"},
		},
		{
			"a range that ends before it begins matches nothing, not everything",
			Destinations{[]ports.Range{{First: 5, Last: 4}}, networks("10.0.0.0/8")},
			nil,
		},
		{
			"an invalid prefix matches nothing, not everything",
			Destinations{[]ports.Range{{First: 5, Last: 5}}, []netip.Prefix{{}}},
			nil,
		},
	}
	for _, test := range tests {
		t.Run(test.rule, func(t *testing.T) {
			if got := Pack(For(test.d)); !slices.Equal(got, test.patterns) {
				t.Errorf("got  %q\nwant %q", got, test.patterns)
			}
		})
	}
}

// instructions counts the instructions of a pattern's program.
func instructions(pattern string) (int, error) {
	tree, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return 0, fmt.Errorf("got a pattern that is no regular expression: %w", err)
	}
	program, err := syntax.Compile(tree.Simplify())
	if err != nil {
		return 0, fmt.Errorf("got a pattern that does not compile: %w", err)
	}
	return len(program.Inst), nil
}

// contains is the meaning of Destinations, by net/netip.
func (d Destinations) contains(a netip.AddrPort) bool {
	address := len(d.Prefixes) == 0 || slices.ContainsFunc(d.Prefixes, func(p netip.Prefix) bool {
		if p.Addr().Is4In6() && p.Bits() >= 96 {
			p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
		}
		return p.Contains(a.Addr())
	})
	port := len(d.Ports) == 0 || slices.ContainsFunc(d.Ports, func(r ports.Range) bool {
		return r.First <= a.Port() && a.Port() <= r.Last
	})
	return address && port
}

// checkDestinations holds the alternatives of d against net/netip.
func checkDestinations(t interface {
	Fatalf(string, ...any)
	Helper()
}, d Destinations, addresses []netip.Addr, ports []uint16,
) {
	t.Helper()
	alternatives := For(d)
	var compiled []*regexp.Regexp
	for _, a := range alternatives {
		pattern := "^(?:" + a.text + ")$"
		size, err := instructions(pattern)
		if err != nil {
			t.Fatalf("%v: %v", d, err)
		}
		if size > a.size+patternFrame || size > maxInstructions {
			t.Fatalf("%v: got %d instructions of %s, want at most %d and %d", d, size, pattern, a.size+patternFrame, maxInstructions)
		}
		compiled = append(compiled, regexp.MustCompile(pattern))
	}
	var packed []*regexp.Regexp
	for _, p := range Pack(alternatives) {
		if size, _ := instructions(p); size > maxInstructions {
			t.Fatalf("got %d instructions of %s, want at most %d", size, p, maxInstructions)
		}
		packed = append(packed, regexp.MustCompile(p))
	}
	for _, address := range addresses {
		for _, port := range ports {
			to := netip.AddrPortFrom(address.Unmap(), port)
			want := d.contains(to)
			text := to.String()
			matches := func(r *regexp.Regexp) bool { return r.MatchString(text) }
			if got := slices.ContainsFunc(compiled, matches); got != want {
				t.Fatalf("%v: %s matched: got %v, want %v by %v", d, text, got, want, alternatives)
			}
			if got := slices.ContainsFunc(packed, matches); got != want {
				t.Fatalf("%v: %s matched: got %v, want %v by %v", d, text, got, want, packed)
			}
		}
	}
}

func TestPatternsAgreeWithNetip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := drawDestinations(t)
		checkDestinations(t, d, probes(t, d), portProbes(t, d))
	})
}

// One port fits beside any one prefix, so that every destination can be split
// until its parts fit. These addresses take the most of those that a search
// found, at one length or another.
func TestLargestPrefixes(t *testing.T) {
	for _, text := range []string{
		"::", "::1", "2001:db8::", "fe80::", "0:1::", "0:0:0:1::", "1::1", "0:0:5161:3f5a:2ee2::",
		"0:0:b5e8:ffff:6778::", "0:0:3fa9:3b75:6146::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "203.113.199.177",
	} {
		for bits := range netip.MustParseAddr(text).BitLen() + 1 {
			for _, port := range []uint16{65535, 65529, 60001} {
				p := netip.PrefixFrom(netip.MustParseAddr(text), bits).Masked()
				alternatives := For(Destinations{Ports: []ports.Range{{First: port, Last: port}}, Prefixes: []netip.Prefix{p}})
				if len(alternatives) != 1 || alternatives[0].size > patternRoom {
					t.Errorf("%s and port %d: got %v, want one of at most %d", p, port, alternatives, patternRoom)
				}
			}
		}
	}
}

// What no address is written as takes no room: of two runs of zeros the longer one is left out.
func TestOnlyCanonicalText(t *testing.T) {
	for network, text := range map[string]string{
		"0:0:901::/111":     "[::901:0:0:0:0:1]:1",
		"a:0:0:901::/127":   "[a::901:0:0:0:1]:1",
		"a:b:0:0:901::/128": "[a:b::901:0:0:0]:1",
	} {
		address := netip.MustParseAddrPort(text)
		if !netip.MustParsePrefix(network).Contains(address.Addr()) || address.String() == text {
			t.Fatalf("%s: want another way to write an address of %s", text, network)
		}
		for _, p := range Pack(For(Destinations{Prefixes: networks(network), Ports: []ports.Range{{First: 1, Last: 1}}})) {
			if regexp.MustCompile(p).MatchString(text) {
				t.Errorf("%s: pattern %s matches %s, want %s only", network, p, text, address)
			}
		}
	}
}

// What a value may not contain: Istio pastes it between quotes, the kubelet
// expands "$(", and each "." costs RE2 several instructions.
func TestPatternsAreHarmlessText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		for _, p := range Pack(For(drawDestinations(t))) {
			if strings.ContainsAny(p, "\"'\\\n\r`") || strings.Contains(p, "$(") || strings.ContainsFunc(p, func(r rune) bool { return r < ' ' || r > '~' }) {
				t.Fatalf("got %q, want no quote, backslash, newline or $(", p)
			}
			if strings.Contains(strings.ReplaceAll(strings.ReplaceAll(p, "[.]", ""), "[0-9.]", ""), ".") {
				t.Fatalf("got %q, want no dot outside a class", p)
			}
			if !strings.HasPrefix(p, "^(?:") || !strings.HasSuffix(p, ")$") {
				t.Fatalf("got %q, want it anchored", p)
			}
		}
	})
}

// A link-local destination carries the number of its interface.
func TestAnyAddressTakesInterfaces(t *testing.T) {
	for _, d := range []Destinations{
		{Ports: []ports.Range{{First: 6379, Last: 6379}}},
		{Ports: []ports.Range{{First: 6379, Last: 6379}}, Prefixes: networks("::/0")},
		{Ports: []ports.Range{{First: 6379, Last: 6379}}, Prefixes: networks("fe80::/10")},
		{Ports: []ports.Range{{First: 6379, Last: 6379}}, Prefixes: networks("fe80::/64")},
	} {
		for _, pattern := range Pack(For(d)) {
			r := regexp.MustCompile(pattern)
			for text, want := range map[string]bool{
				"[fe80::1%2]:6379": true, "[fe80::6379%2]:80": false, "[fe80::1%6379]:80": false,
			} {
				if got := r.MatchString(text); got != want {
					t.Errorf("%s on %s: got %v, want %v", pattern, text, got, want)
				}
			}
		}
	}
}
