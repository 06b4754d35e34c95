package merge

import (
	"math/rand/v2"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/holdfast-mesh/holdfast/istio"
	"github.com/holdfast-mesh/holdfast/istio/patterns"
	"github.com/holdfast-mesh/holdfast/istio/proxyconfig"
	"github.com/holdfast-mesh/holdfast/rules"
	"github.com/holdfast-mesh/holdfast/rules/annotations"
)

// scatteredRule has networks that do not join, as many as eight patterns hold.
func scatteredRule(random *rand.Rand, name string) rules.Rule {
	idle := time.Duration(1+random.IntN(9)) * time.Hour
	r := rules.Rule{Name: name, Mode: rules.Enforce, Strategy: rules.Strategy{IdleTimeout: &idle, Scope: rules.ScopeDestinations}}
	list := make([]netip.Prefix, 1+random.IntN(20))
	for i := range list {
		list[i] = netip.PrefixFrom(netip.AddrFrom4([4]byte{byte(1 + random.IntN(222)), byte(random.Uint32()), byte(random.Uint32()), byte(random.Uint32())}), 9+random.IntN(24)).Masked()
		if random.IntN(4) == 0 {
			var bytes [16]byte
			for i := range bytes {
				bytes[i] = byte(random.Uint32())
			}
			list[i] = netip.PrefixFrom(netip.AddrFrom16(bytes), 17+random.IntN(112)).Masked()
		}
	}
	for len(patterns.Pack(patterns.For(patterns.Destinations{Prefixes: list}))) > istio.MaxDestinationKeys {
		list = list[:len(list)*3/4]
	}
	r.Destinations.CIDRs = list
	slices.SortFunc(r.Destinations.CIDRs, netip.Prefix.Compare)
	r.Destinations.CIDRs = slices.Compact(r.Destinations.CIDRs)
	return r
}

// Rules that together need more than eight patterns: those that are in force
// are covered in full, the others not at all and named in a warning, and the
// result is what deciding again gives.
func TestOutgrownPatternsProperty(t *testing.T) {
	leftOut := 0
	rapid.Check(t, func(t *rapid.T) {
		random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		file := &rules.File{Mode: rules.Enforce}
		for _, name := range []string{"a", "b", "c", "d"}[:2+random.IntN(3)] {
			file.Rules = append(file.Rules, scatteredRule(random, name))
		}
		list, pod := compileAll(file), podWith()
		r := Merge(list, pod)
		apply(&pod, r)
		if again := Merge(list, pod); len(again.Set)+len(again.Remove) > 0 || !slices.Equal(again.Rules, r.Rules) {
			t.Fatalf("got %+v on the own result of %+v", again, r)
		}
		config, err := proxyconfig.Parse(pod.Annotations[annotations.ProxyConfig].Text)
		if err != nil {
			t.Fatal(err)
		}
		var patterns []*regexp.Regexp
		for _, key := range config.MetadataKeys() {
			if strings.HasPrefix(key, istio.DestinationsMetadataPrefix) {
				text, _ := config.Metadata(key)
				patterns = append(patterns, regexp.MustCompile(text))
			}
		}
		if len(patterns) == 0 || len(patterns) > istio.MaxDestinationKeys || !slices.Contains(r.Rules, "a") {
			t.Fatalf("got %d patterns for %q, want 1 to 8, and the first rule among them", len(patterns), r.Rules)
		}
		longest := time.Duration(0)
		var inForce []netip.Prefix
		for i := range file.Rules {
			rule := &file.Rules[i]
			warned := slices.ContainsFunc(r.Warnings.All(), func(w rules.Warning) bool {
				return w.Code == rules.WarnTooManyDestinations && strings.HasPrefix(w.Message, "rule "+rule.Name+" ")
			})
			if slices.Contains(r.Rules, rule.Name) == warned {
				t.Fatalf("rule %s: got in force %v, warned %v, want one of them", rule.Name, !warned, warned)
			}
			if warned {
				leftOut++
				continue
			}
			inForce = append(inForce, rule.Destinations.CIDRs...)
			longest = max(longest, *rule.Strategy.IdleTimeout)
		}
		if got, _ := config.Metadata(istio.DestinationsIdleTimeoutMetadata); got != milliseconds(longest) {
			t.Fatalf("got timeout %s, want the longest of those in force, %s", got, milliseconds(longest))
		}
		for i := range file.Rules {
			for _, p := range file.Rules[i].Destinations.CIDRs {
				a := p.Addr()
				want := slices.ContainsFunc(inForce, func(p netip.Prefix) bool { return p.Contains(a) })
				text := netip.AddrPortFrom(a, 6379).String()
				if got := slices.ContainsFunc(patterns, func(r *regexp.Regexp) bool { return r.MatchString(text) }); got != want {
					t.Fatalf("%s: got match %v, want %v", text, got, want)
				}
			}
		}
	})
	if leftOut == 0 {
		t.Error("got no rule left out in any run, want some: the property was not tested")
	}
}
