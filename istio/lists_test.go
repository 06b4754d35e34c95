package istio

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestParsePorts(t *testing.T) {
	for _, test := range []struct {
		name, value string
		want        []uint16
		wantErr     string
	}{
		// An empty annotation replaces the installation's list by nothing.
		{name: "empty", value: "", want: nil},
		// White space alone is empty too.
		{name: "blank", value: " \t", want: nil},
		{name: "one", value: "3306", want: []uint16{3306}},
		// Istio trims every item.
		{name: "spaces", value: " 3306 ,\t6379\n", want: []uint16{3306, 6379}},
		// Order and duplicates are the author's.
		{name: "order kept", value: "9,1,9", want: []uint16{9, 1, 9}},
		// The whole range of a uint16 passes, zero included.
		{name: "bounds", value: "0,65535", want: []uint16{0, 65535}},
		{name: "leading zeros", value: "0080", want: []uint16{80}},
		// RAN: the injector denies a pod with a trailing comma.
		{name: "trailing comma", value: "3306,", wantErr: "item 2: got an empty item"},
		{name: "only a comma", value: ",", wantErr: "item 1: got an empty item"},
		{name: "range", value: "1,7000-7005", wantErr: `item 2: got the range "7000-7005"`},
		// The star is known to include lists only.
		{name: "star", value: "*", wantErr: `item 1: got "*"`},
		{name: "too large", value: "65536", wantErr: `got "65536", want a port from 0 to 65535`},
		{name: "sign", value: "+1", wantErr: `got "+1"`},
		{name: "name", value: "redis", wantErr: `got "redis"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := ParsePorts(test.value)
			checkError(t, err, test.wantErr)
			if !slices.Equal(got, test.want) {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}

func TestParsePrefixes(t *testing.T) {
	for _, test := range []struct {
		name, value string
		want        string // as FormatPrefixes writes them
		wantErr     string
	}{
		{name: "empty", value: "", want: ""},
		{name: "both families", value: "10.20.0.0/16,2001:db8::/32", want: "10.20.0.0/16,2001:db8::/32"},
		// Host bits pass the injector; what is written has none.
		{name: "host bits", value: "10.20.1.5/16", want: "10.20.0.0/16"},
		{name: "everything", value: "0.0.0.0/0,::/0", want: "0.0.0.0/0,::/0"},
		{name: "IPv6 not canonical", value: "2001:DB8:0:0::/64", want: "2001:db8::/64"},
		// The injector takes v4-mapped prefixes and istio-init puts them into
		// ip6tables, where no IPv4 packet ever comes.
		{name: "v4-mapped", value: "::ffff:10.1.2.3/112", want: "10.1.0.0/16"},
		{name: "v4-mapped, shorter than the mapping", value: "::ffff:10.1.2.3/90", want: "::ffc0:0:0/90"},
		// No white space: netip.ParsePrefix trims nothing.
		{name: "space", value: "10.0.0.0/8, 10.1.0.0/16", wantErr: "item 2: got \" 10.1.0.0/16\""},
		{name: "blank", value: " ", wantErr: "item 1: got an empty item"},
		{name: "trailing comma", value: "10.0.0.0/8,", wantErr: "item 2: got an empty item"},
		{name: "bare IPv4", value: "10.1.2.3", wantErr: "write 10.1.2.3/32"},
		{name: "bare IPv6", value: "2001:db8::1", wantErr: "write 2001:db8::1/128"},
		{name: "star", value: "*", wantErr: `item 1: got "*"`},
		{name: "zone", value: "fe80::1%eth0/64", wantErr: `item 1: got "fe80::1%eth0/64"`},
		{name: "bits too large", value: "10.0.0.0/33", wantErr: `got "10.0.0.0/33"`},
		{name: "host name", value: "redis.example.com", wantErr: `got "redis.example.com"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := ParsePrefixes(test.value)
			checkError(t, err, test.wantErr)
			if text := FormatPrefixes(got); text != test.want {
				t.Errorf("got %q, want %q", text, test.want)
			}
		})
	}
}

func TestUnionPorts(t *testing.T) {
	for _, test := range []struct {
		name            string
		base, add, want []uint16
		grew            bool
	}{
		{name: "nothing"},
		// What the pod says comes first, in its order.
		{name: "appended", base: []uint16{9, 1}, add: []uint16{5}, want: []uint16{9, 1, 5}, grew: true},
		{name: "already there", base: []uint16{9, 1}, add: []uint16{1, 9}, want: []uint16{9, 1}},
		// A duplicate of the author's is no reason to rewrite the list.
		{name: "duplicates of base", base: []uint16{1, 1}, add: []uint16{1}, want: []uint16{1}},
		{name: "duplicates of add", add: []uint16{1, 1}, want: []uint16{1}, grew: true},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, grew := UnionPorts(test.base, test.add)
			if !slices.Equal(got, test.want) || grew != test.grew {
				t.Errorf("got %v, %v, want %v, %v", got, grew, test.want, test.grew)
			}
		})
	}
}

// Prefixes that mean the same are one, however they were written.
func TestUnionPrefixesIsCanonical(t *testing.T) {
	base := []netip.Prefix{netip.MustParsePrefix("10.1.2.3/16"), netip.MustParsePrefix("::ffff:10.9.0.0/112")}
	add := []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16"), netip.MustParsePrefix("10.9.0.0/16")}
	got, grew := UnionPrefixes(base, add)
	if text := FormatPrefixes(got); text != "10.1.0.0/16,10.9.0.0/16" || grew {
		t.Errorf("got %s, %v, want 10.1.0.0/16,10.9.0.0/16, false", text, grew)
	}
}

// A union holds exactly what either list has, never twice, keeps base in
// front, and does not grow a second time. Long lists take another way than
// short ones.
func TestUnionProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ports := rapid.SliceOfN(rapid.Uint16Range(1, 60), 0, 80)
		base, add := ports.Draw(t, "base"), ports.Draw(t, "add")
		union, grew := UnionPorts(base, add)
		seen := map[uint16]bool{}
		for _, port := range union {
			if seen[port] {
				t.Fatalf("%d is there twice: %v", port, union)
			}
			seen[port] = true
			if !slices.Contains(base, port) && !slices.Contains(add, port) {
				t.Fatalf("%d comes from nowhere", port)
			}
		}
		for _, port := range append(slices.Clone(base), add...) {
			if !seen[port] {
				t.Fatalf("%d is lost: %v", port, union)
			}
		}
		alone, _ := UnionPorts(base, nil)
		if !slices.Equal(union[:len(alone)], alone) || grew != (len(union) > len(alone)) {
			t.Fatalf("union %v, grew %v, base alone %v", union, grew, alone)
		}
		if again, grewAgain := UnionPorts(union, add); grewAgain || !slices.Equal(again, union) {
			t.Fatalf("a second union of %v gave %v", union, again)
		}
	})
}

// What Format writes, Parse reads back.
func TestListsRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ports := rapid.SliceOf(rapid.Uint16()).Draw(t, "ports")
		if got, err := ParsePorts(FormatPorts(ports)); err != nil || !slices.Equal(got, ports) {
			t.Fatalf("ports: got %v, %v, want %v", got, err, ports)
		}
		prefixes := rapid.SliceOf(rapid.Custom(drawPrefix)).Draw(t, "prefixes")
		canonical, _ := UnionPrefixes(prefixes, nil)
		got, err := ParsePrefixes(FormatPrefixes(canonical))
		if err != nil || !slices.Equal(got, canonical) {
			t.Fatalf("prefixes: got %v, %v, want %v", got, err, canonical)
		}
		for _, prefix := range got {
			if prefix != prefix.Masked() || prefix.Addr().Is4In6() {
				t.Fatalf("%s is not canonical", prefix)
			}
		}
	})
}

func drawPrefix(t *rapid.T) netip.Prefix {
	if rapid.Bool().Draw(t, "v4") {
		addr := netip.AddrFrom4([4]byte(rapid.SliceOfN(rapid.Byte(), 4, 4).Draw(t, "addr")))
		return netip.PrefixFrom(addr, rapid.IntRange(0, 32).Draw(t, "bits"))
	}
	bytes := [16]byte(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "addr"))
	if rapid.Bool().Draw(t, "mapped") {
		copy(bytes[:], "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xff\xff")
	}
	return netip.PrefixFrom(netip.AddrFrom16(bytes), rapid.IntRange(0, 128).Draw(t, "bits"))
}

// Parsing agrees with a plain reading of the injector's rules on any text.
func FuzzParseLists(f *testing.F) {
	for _, seed := range []string{"", ",", "3306, 6379", "10.0.0.0/8,::/0", "::ffff:1.2.3.4/100", " "} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		wantPorts, wantPrefixes := true, true
		if trimmed := strings.TrimSpace(value); trimmed != "" {
			for _, item := range strings.Split(trimmed, ",") {
				_, err := strconv.ParseUint(strings.TrimSpace(item), 10, 16)
				wantPorts = wantPorts && err == nil
			}
		}
		if value != "" {
			for _, item := range strings.Split(value, ",") {
				_, err := netip.ParsePrefix(item)
				wantPrefixes = wantPrefixes && err == nil
			}
		}
		if _, err := ParsePorts(value); (err == nil) != wantPorts {
			t.Errorf("ports %q: got error %v, want accepted %v", value, err, wantPorts)
		}
		prefixes, err := ParsePrefixes(value)
		if (err == nil) != wantPrefixes {
			t.Errorf("prefixes %q: got error %v, want accepted %v", value, err, wantPrefixes)
		}
		if _, err := ParsePrefixes(FormatPrefixes(prefixes)); err != nil {
			t.Errorf("prefixes %q: written again: %v", value, err)
		}
	})
}

// checkError compares an error with a part of its text; "" means none.
func checkError(t *testing.T, err error, want string) {
	t.Helper()
	switch {
	case want == "" && err != nil:
		t.Errorf("got error %q, want none", err)
	case want != "" && err == nil:
		t.Errorf("got no error, want %q", want)
	case want != "" && !strings.Contains(err.Error(), want):
		t.Errorf("got error %q, want it to say %q", err, want)
	}
}
