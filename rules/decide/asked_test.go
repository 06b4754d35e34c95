package decide

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/holdfast-mesh/holdfast/internal/ports"
	"github.com/holdfast-mesh/holdfast/rules"
	"github.com/holdfast-mesh/holdfast/rules/evidence"
)

// manyAddresses is a text with addresses of a form like "h%d.example.com:443".
func manyAddresses(form string, n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, form+" ", i)
	}
	return b.String()
}

// What no rule asks for does not keep a rule from seeing what it asks for, and where
// too much is asked for, that is said.
func TestManyAddresses(t *testing.T) {
	set := compileRules(t, `rules:
- {name: redis, destinations: {ports: [6379]}, workloads: {referencing: true}, strategy: {idleTimeout: 48h}}
- {name: hosts, destinations: {hosts: ["*.cache.example.com"]}, workloads: {referencing: true}, strategy: {idleTimeout: 24h}}
- {name: net, destinations: {cidrs: [10.20.0.0/16], ports: [3306]}, workloads: {referencing: true}, strategy: {drainDuration: 12h}}
`)
	const many = 600
	for _, test := range []struct {
		rule, text, want string
		cut              bool
	}{
		{"on a port that no rule has", manyAddresses("10.1.0.1:1%04d", many) + "r:6379", "redis", false},
		{"of a host that no rule has", manyAddresses("h%d.example.com:443", many) + "x.cache.example.com:443", "hosts", false},
		{"in a network that no rule has", manyAddresses("10.21.0.1:3306,x%d", many) + "10.20.0.1:3306", "net", false},
		{"as many as are read", manyAddresses("h%d:6379", 511) + "10.20.0.1:3306", "redis net", false},
		{"more than are read", manyAddresses("h%d:6379", 512) + "10.20.0.1:3306", "redis", true},
	} {
		t.Run(test.rule, func(t *testing.T) {
			pod := shopPod()
			pod.Containers = envPod("VALUE", test.text).Containers
			o, verdicts := set.Explain(pod, Options{})
			warned := slices.ContainsFunc(o.Warnings, func(w rules.Warning) bool { return w.Code == rules.WarnTooManyAddresses })
			if got := strings.Join(o.Rules, " "); got != test.want || warned != test.cut {
				t.Errorf("got rules %q, warnings %v; want %q and the warning: %v", got, o.Warnings, test.want, test.cut)
			}
			if last := verdicts[2]; strings.Contains(last.Detail, "more that were not read") != test.cut {
				t.Errorf("got %q, want it to speak of more addresses: %v", last.Detail, test.cut)
			}
		})
	}
}

// An address that is a destination of any rule is asked for, and leads to that rule.
func TestDestinationsAreAskedFor(t *testing.T) {
	subset := func(t *rapid.T, label string, items ...string) []string {
		return rapid.SliceOfNDistinct(rapid.SampledFrom(items), 0, 2, rapid.ID).Draw(t, label)
	}
	day := 24 * time.Hour
	rapid.Check(t, func(t *rapid.T) {
		file := &rules.File{}
		for i := range rapid.IntRange(1, 3).Draw(t, "rules") {
			r := rules.Rule{Name: fmt.Sprint("r", i), Workloads: rules.Workloads{Referencing: true}}
			for _, text := range subset(t, "cidrs", "10.0.0.0/8", "10.1.0.0/16", "2001:db8::/32") {
				r.Destinations.CIDRs = append(r.Destinations.CIDRs, netip.MustParsePrefix(text))
			}
			r.Destinations.Hosts = subset(t, "hosts", "a.b", "*.b", "*a.b", "redis-*", "x*.a.b")
			if r.Destinations.Middleware = subset(t, "middleware", "redis", "cassandra"); len(r.Destinations.Middleware) > 0 ||
				rapid.Bool().Draw(t, "ports") || len(r.Destinations.Hosts)+len(r.Destinations.CIDRs) == 0 {
				r.Destinations.Ports = []ports.Range{{First: 1, Last: rapid.SampledFrom([]uint16{2, maxKeys + 1}).Draw(t, "last port")}}
			}
			switch rapid.SampledFrom([]string{"idleTimeout", "scope", "both"}).Draw(t, "strategy") {
			case "idleTimeout":
				r.Strategy.IdleTimeout = &day
			case "both":
				r.Strategy.DrainDuration = &day
				fallthrough
			case "scope":
				r.Strategy.IdleTimeout, r.Strategy.Scope = &day, rules.ScopeDestinations
			}
			file.Rules = append(file.Rules, r)
		}
		set := Compile(file)
		a := evidence.Address{
			Port: rapid.SampledFrom([]uint16{0, 1, 2, 3, maxKeys + 1, maxKeys + 2}).Draw(t, "port"),
			Kind: rapid.SampledFrom([]string{"", "redis", "kafka"}).Draw(t, "kind"),
		}
		switch rapid.SampledFrom([]string{"name", "ip", "unresolved"}).Draw(t, "host") {
		case "name":
			a.Host = rapid.SampledFrom([]string{"a.b", "x.b", "x.a.b", "redis-1", "c"}).Draw(t, "name")
		case "ip":
			a.IP = netip.MustParseAddr(rapid.SampledFrom([]string{"10.1.0.1", "10.2.0.1", "11.0.0.1", "2001:db8::1"}).Draw(t, "ip"))
		default:
			a.Unresolved = true
		}
		f := facts{pod: &rules.Pod{}, found: evidence.Found{Addresses: []evidence.Address{a}}}
		candidates := set.index.candidates(&f, nil)
		for i := range set.rules {
			u := set.rules[i].reaches(&a)
			if u&used != 0 && !set.asked.Has(&a) {
				t.Fatalf("%+v is a destination of %+v, want it asked for", a, set.rules[i].Destinations)
			}
			if u.counts() && !slices.Contains(candidates, int32(i)) {
				t.Fatalf("%+v is a destination of %+v, want it to lead there", a, set.rules[i].Destinations)
			}
		}
	})
}
