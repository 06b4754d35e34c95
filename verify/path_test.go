package verify_test

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/holdfast-mesh/holdfast/istio"
	"github.com/holdfast-mesh/holdfast/rules"
	"github.com/holdfast-mesh/holdfast/verify"
	"github.com/holdfast-mesh/holdfast/verify/dump"
)

// summary is a path in one line: listener, then each branch, then the drain time.
func summary(p *verify.Path) string {
	if !p.Sidecar {
		return "past: " + p.Why
	}
	parts := []string{p.Listener}
	for _, b := range p.Branches {
		when := ""
		if b.When != "" {
			when = "[" + b.When + "] "
		}
		parts = append(parts, when+string(b.Kind)+" "+strings.Join(b.Clusters, ",")+" idle "+b.IdleTimeout+" keepalive "+b.Keepalive)
	}
	return strings.Join(append(parts, "drain "+p.Drain), "; ")
}

// The way of one connection, in dumps of real proxies.
func TestFollow(t *testing.T) {
	for _, test := range []struct{ folder, to, want string }{
		// A ClusterIP has a listener of its own.
		{"idle", "10.0.0.77:6379", "10.0.0.77_6379; tcp outbound|6379||redis.lab.svc.cluster.local idle 48h keepalive 120s-30s-3; drain 12h"},
		// The same port elsewhere is passthrough traffic.
		{"idle", "198.18.100.1:6379", "virtualOutbound; tcp PassthroughCluster idle 48h keepalive 120s-30s-3; drain 12h"},
		{"plain", "198.18.100.1:6379", "virtualOutbound; tcp PassthroughCluster idle 10s keepalive no keepalive; drain 45s"},
		// A ServiceEntry without an address takes the whole port.
		{"idle", "203.0.113.1:3306", "0.0.0.0_3306; tcp outbound|3306||mysql.example.com idle 48h keepalive 120s-30s-3; drain 12h"},
		// What the application sends decides.
		{"idle", "203.0.113.1:8080", "0.0.0.0_8080; [protocol http/1.1 or h2c] http  idle 48h keepalive unknown, the route decides; [anything else] tcp PassthroughCluster idle 48h keepalive 120s-30s-3; drain 12h"},
		// IPv6 has no wildcard listener here.
		{"idle", "[2001:db8::1]:3306", "virtualOutbound; tcp PassthroughCluster idle 48h keepalive 120s-30s-3; drain 12h"},
		{"idle", "203.0.113.1:15001", "virtualOutbound; tcp BlackHoleCluster idle 1h keepalive 120s-30s-3; drain "},
		{"destinationrule", "198.18.100.9:5432", "198.18.100.9_5432; tcp outbound|5432||pg.example.com idle 30s keepalive 300s-kernel's-kernel's; drain 45s"},
		{"overridden", "198.18.100.1:6379", "virtualOutbound; tcp PassthroughCluster idle 7s keepalive no keepalive; drain 45s"},
		// By destination: ports and CIDRs of the rule.
		{"scoped", "198.18.100.1:6379", "virtualOutbound; tcp PassthroughCluster idle 48h keepalive no keepalive; drain 12h"},
		{"scoped", "[::ffff:198.18.100.1]:6379", "virtualOutbound; tcp PassthroughCluster idle 48h keepalive no keepalive; drain 12h"},
		{"scoped", "[2001:db8::9]:6379", "virtualOutbound; tcp PassthroughCluster idle 48h keepalive no keepalive; drain 12h"},
		{"scoped", "198.18.101.1:6379", "virtualOutbound; tcp PassthroughCluster idle 10s keepalive no keepalive; drain 12h"},
		{"scoped", "198.18.100.1:6380", "virtualOutbound; tcp PassthroughCluster idle 10s keepalive no keepalive; drain 12h"},
		{"no-destinations-object", "198.18.100.1:6379", "virtualOutbound; tcp PassthroughCluster idle 10s keepalive no keepalive; drain 12h"},
		// iptables: ports, then loopback, then CIDRs.
		{"scoped", "198.18.100.1:11211", "past: port 11211 is excluded (istio-init -o)"},
		{"bypass", "198.18.100.1:6379", "past: 198.18.100.0/24 is excluded (istio-init -x)"},
		{"bypass", "127.0.0.1:11211", "past: port 11211 is excluded (istio-init -o)"},
		{"plain", "127.0.0.1:6379", "past: loopback is never captured"},
		{"gateway", "198.18.100.1:6379", "past: this is a gateway or a waypoint: its connections are those of its clients, and no application opens any"},
	} {
		t.Run(test.folder+" "+test.to, func(t *testing.T) {
			p := verify.Follow(stored(t, test.folder), netip.MustParseAddrPort(test.to))
			if diff := cmp.Diff(test.want, summary(p)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			if len(p.Cuts) == 0 {
				t.Error("got no word of what may end it")
			}
		})
	}
}

// What may end a connection, in words.
func TestCuts(t *testing.T) {
	for _, test := range []struct {
		folder, to string
		want, not  []string
	}{
		{"plain", "198.18.100.1:6379", []string{"idle timer, after 10s", "sends no keepalive probes", "45s later", "end of the pod"}, nil},
		{"idle", "198.18.100.1:6379", []string{"idle timer, after 48h", "12h later"}, []string{"no keepalive probes"}},
		{"idle", "203.0.113.1:15001", []string{"refused"}, []string{"idle timer", "later, busy or not"}},
		{"bypass", "198.18.100.1:6379", []string{"nothing of Istio"}, []string{"idle timer"}},
	} {
		got := strings.Join(verify.Follow(stored(t, test.folder), netip.MustParseAddrPort(test.to)).Cuts, "\n")
		for _, want := range test.want {
			if !strings.Contains(got, want) {
				t.Errorf("%s %s: got\n%s\nwant it to say %q", test.folder, test.to, got, want)
			}
		}
		for _, not := range test.not {
			if strings.Contains(got, not) {
				t.Errorf("%s %s: got\n%s\nwant nothing of %q", test.folder, test.to, got, not)
			}
		}
	}
}

// What else may end a connection, and what is not the same everywhere.
func TestBranches(t *testing.T) {
	hour, none := time.Hour, time.Duration(0)
	listener := func(change func(*dump.Filter)) verify.Input {
		f := dump.Filter{Kind: dump.TCPProxy, IdleTimeout: &hour, Clusters: []string{"a", "b"}}
		change(&f)
		return verify.Input{Pod: &rules.Pod{}, Dump: &dump.Dump{
			Clusters: map[string]dump.Cluster{"a": {}, "b": {}, "c": {Keepalive: &dump.Keepalive{Time: 5}}},
			Listeners: []dump.Listener{{
				Name: "x", Addresses: []netip.AddrPort{netip.MustParseAddrPort("192.0.2.1:1")},
				Chains: []dump.Chain{{Filters: []dump.Filter{f}}},
			}},
		}}
	}
	for _, test := range []struct {
		change    func(*dump.Filter)
		want, not string
	}{
		{func(*dump.Filter) {}, "tcp a,b idle 1h keepalive no keepalive; drain 45s", "its age"},
		{func(*dump.Filter) {}, "45s later, busy or not (Istio's default; what holds here was not to be seen)", "as tcp"},
		{func(f *dump.Filter) { f.MaxDuration = &hour }, "its age: 1h, whatever it does", ""},
		{func(f *dump.Filter) { f.MaxDuration = &none }, "idle timer", "its age"},
		{func(f *dump.Filter) { f.IdleTimeout = &none }, "idle 0s (no timeout)", "idle timer"},
		{func(f *dump.Filter) { f.IdleTimeout = nil }, "idle 1h", ""},
		{func(f *dump.Filter) { f.Clusters = []string{"a", "c"} }, "different ones, by cluster", "sends no"},
		{func(f *dump.Filter) { f.Clusters = []string{"c"} }, "keepalive 5s-kernel's-kernel's", "sends no"},
		{func(f *dump.Filter) { f.Clusters = []string{"gone"} }, "the dump does not show cluster gone", ""},
		{func(f *dump.Filter) { f.Kind = dump.Tunnel }, "unknown to holdfast", "idle timer"},
	} {
		p := verify.Follow(listener(test.change), netip.MustParseAddrPort("192.0.2.1:1"))
		got := summary(p) + "\n" + strings.Join(p.Cuts, "\n")
		if !strings.Contains(got, test.want) || test.not != "" && strings.Contains(got, test.not) {
			t.Errorf("got\n%s\nwant %q and not %q", got, test.want, test.not)
		}
	}
	by := verify.Follow(listener(func(f *dump.Filter) { f.IdleTimeout = nil }), netip.MustParseAddrPort("192.0.2.1:1")).Branches[0].By
	if by != "Envoy's default" {
		t.Errorf("got the timeout by %q, want Envoy's default", by)
	}
	in := listener(func(*dump.Filter) {})
	in.Dump.Listeners[0].Chains[0].Port = 2
	if got := strings.Join(verify.Follow(in, netip.MustParseAddrPort("192.0.2.1:1")).Cuts, "\n"); got != "it is refused: no filter chain of x takes it" {
		t.Errorf("no chain: got %q", got)
	}
	if got := strings.Join(verify.Follow(in, netip.MustParseAddrPort("192.0.2.9:1")).Cuts, "\n"); got != "it is refused: no listener takes it" {
		t.Errorf("no listener: got %q", got)
	}
	in.Dump.Listeners = nil
	if got := strings.Join(verify.Follow(in, netip.MustParseAddrPort("192.0.2.9:1")).Cuts, "\n"); !strings.Contains(got, "not to be seen") {
		t.Errorf("no listeners in the dump: got %q", got)
	}
}

// Istio CNI reads the annotations of today; istio-init was told once.
func TestFollowByAnnotation(t *testing.T) {
	in := stored(t, "plain")
	in.Pod.Annotations[istio.ExcludeOutboundPortsAnnotation] = "7"
	in.Pod.Annotations[istio.ExcludeOutboundIPRangesAnnotation] = "203.0.113.0/24"
	for _, test := range []struct{ container, to, want string }{
		{"istio-validation", "192.0.2.1:7", "past: port 7 is excluded (istio-validation -o)"},
		{"istio-validation", "203.0.113.1:1", "past: 203.0.113.0/24 is excluded (istio-validation -x)"},
		{"istio-init", "192.0.2.1:7", "virtualOutbound"},
		{"istio-init", "203.0.113.1:1", "virtualOutbound"},
	} {
		in.Pod.Containers[0].Name = test.container
		if got := summary(verify.Follow(in, netip.MustParseAddrPort(test.to))); !strings.HasPrefix(got, test.want) {
			t.Errorf("%s to %s: got %s, want %s", test.container, test.to, got, test.want)
		}
	}
}
