package dump_test

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/holdfast-mesh/holdfast/verify/dump"
)

// Envoy picks a chain by port, then by the longest prefix, and never goes back.
func TestChainsFor(t *testing.T) {
	prefix := func(text string) []netip.Prefix { return []netip.Prefix{netip.MustParsePrefix(text)} }
	l := &dump.Listener{Chains: []dump.Chain{
		{Name: "default", Default: true},
		{Name: "wide", Port: 6379, Prefixes: prefix("10.0.0.0/8")},
		{Name: "narrow", Port: 6379, Prefixes: append(prefix("192.0.2.0/32"), prefix("10.1.0.0/16")...)},
		{Name: "any port", Prefixes: prefix("192.0.2.0/24")},
		{Name: "everywhere", Prefixes: prefix("0.0.0.0/0")},
		{Name: "rest"},
		{Name: "tls", Transport: "tls", Port: 443},
		{Name: "http", Port: 80, Protocols: []string{"h2"}},
		{Name: "tcp", Port: 80, Transport: "raw_buffer"},
	}}
	for to, want := range map[string]string{
		"10.1.2.3:6379":   "narrow",
		"10.2.2.3:6379":   "wide",
		"192.0.2.1:6379":  "default", // the port's chains are all for other prefixes
		"192.0.2.1:1":     "any port",
		"198.18.0.1:1":    "everywhere", // a prefix of no length is more than none
		"[2001:db8::1]:1": "rest",
		"198.18.0.1:443":  "tls,default", // plain text on a port for TLS
		"198.18.0.1:80":   "http,tcp",
	} {
		var got []string
		for _, c := range l.ChainsFor(netip.MustParseAddrPort(to)) {
			got = append(got, c.Name)
		}
		if got := strings.Join(got, ","); got != want {
			t.Errorf("%s: got chains %q, want %q", to, got, want)
		}
	}
	l = &dump.Listener{Chains: []dump.Chain{{Port: 1}}}
	if got := l.ChainsFor(netip.MustParseAddrPort("192.0.2.1:2")); len(got) != 0 {
		t.Errorf("got %d chains where none matches, want none", len(got))
	}
}

// The exact address goes before the port on all addresses, of the same family, and that
// before the listener that everything is handed to.
func TestListenerFor(t *testing.T) {
	at := func(name, direction string, original bool, addresses ...string) dump.Listener {
		l := dump.Listener{Name: name, Direction: direction, OriginalDestination: original}
		for _, a := range addresses {
			l.Addresses = append(l.Addresses, netip.MustParseAddrPort(a))
		}
		return l
	}
	d := &dump.Dump{Listeners: []dump.Listener{
		at("inbound", "INBOUND", true, "0.0.0.0:15006"),
		at("virtual", "OUTBOUND", true, "0.0.0.0:15001"),
		at("all 6379", "OUTBOUND", false, "0.0.0.0:6379"),
		at("all 443", "OUTBOUND", false, "0.0.0.0:443", "[::]:443"),
		at("exact", "OUTBOUND", false, "10.0.0.1:6379"),
		at("internal", "OUTBOUND", false),
	}}
	for to, want := range map[string]string{
		"10.0.0.1:6379":      "exact",
		"10.0.0.2:6379":      "all 6379",
		"[2001:db8::1]:6379": "virtual",
		"[2001:db8::1]:443":  "all 443",
		"10.0.0.2:1":         "virtual",
	} {
		if got := d.ListenerFor(netip.MustParseAddrPort(to)); got == nil || got.Name != want {
			t.Errorf("%s: got %+v, want %s", to, got, want)
		}
	}
	d.Listeners = d.Listeners[:1]
	if got := d.ListenerFor(netip.MustParseAddrPort("10.0.0.2:1")); got != nil {
		t.Errorf("got %s, want none: what comes in is not what goes out", got.Name)
	}
}

func TestCondition(t *testing.T) {
	for want, c := range map[string]dump.Chain{
		"":                             {},
		"TLS, protocol h2 or http/1.1": {Transport: "tls", Protocols: []string{"h2", "http/1.1"}},
		"anything else":                {Default: true},
		`transport "quic"`:             {Transport: "quic"},
		"further conditions (server name, source)": {Other: true, Transport: "raw_buffer"},
	} {
		if got := c.Condition(); got != want {
			t.Errorf("%+v: got %q, want %q", c, got, want)
		}
	}
	plain := dump.Chain{Transport: "raw_buffer"}
	if got := plain.Condition(); got != "" {
		t.Errorf("plain text: got %q, want nothing", got)
	}
}
