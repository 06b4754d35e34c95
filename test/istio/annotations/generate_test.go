package annotations_test

import (
	"fmt"
	"net/netip"
	"strings"

	"pgregory.net/rapid"

	"github.com/holdfast-mesh/holdfast/istio"
	"github.com/holdfast-mesh/holdfast/rules"
)

// Values that appear often enough for rules and pods to meet.
var (
	ports    = []int{443, 1024, 3306, 5432, 6379, 6380, 9092, 11211, 27017, 27018, 65535}
	prefixes = []string{
		"10.20.0.0/16", "10.20.3.0/24", "10.20.3.4/32", "192.0.2.128/25", "172.16.0.0/12",
		"2001:db8::/32", "2001:db8:20::/48", "2001:db8::7/128", "fd00::/8",
	}
	addresses = []string{"10.20.3.4", "10.20.200.1", "192.0.2.200", "[2001:db8::7]", "sessions.example.com", "mongo-0.mongo"}
)

// rulesFile draws the text of a valid rules file of one to four rules.
var rulesFile = rapid.Custom(func(t *rapid.T) string {
	var b strings.Builder
	b.WriteString("apiVersion: holdfast.dev/v1alpha1\nkind: Rules\n")
	if rapid.Bool().Draw(t, "mesh") {
		fmt.Fprintf(&b, "mesh:\n  excludeOutboundPorts: [%s]\n  excludeOutboundIPRanges: [%s]\n",
			join(rapid.SliceOfNDistinct(rapid.SampledFrom(ports), 0, 3, rapid.ID), t, "mesh ports"),
			join(rapid.SliceOfNDistinct(rapid.SampledFrom(prefixes), 0, 2, rapid.ID), t, "mesh ranges"))
	}
	b.WriteString("rules:\n")
	for i := range rapid.IntRange(1, 4).Draw(t, "rules") {
		drawRule(t, &b, i)
	}
	return b.String()
})

func drawRule(t *rapid.T, b *strings.Builder, i int) {
	kind := rapid.SampledFrom([]string{"sidecar", "destinations", "keepalive", "drain", "ports", "cidrs", "all"}).Draw(t, "strategy")
	fmt.Fprintf(b, "- name: rule-%d\n  allowProtected: true\n  allowBroad: true\n", i)
	if rapid.IntRange(0, 7).Draw(t, "observe") == 0 {
		b.WriteString("  mode: Observe\n")
	}
	fmt.Fprintf(b, "  destinations:\n    ports: [%s]\n", join(rapid.SliceOfNDistinct(rapid.SampledFrom(ports), 1, 4, rapid.ID), t, "ports"))
	if kind == "cidrs" || rapid.Bool().Draw(t, "with CIDRs") {
		fmt.Fprintf(b, "    cidrs: [%s]\n", join(rapid.SliceOfNDistinct(rapid.SampledFrom(prefixes), 1, 3, rapid.ID), t, "cidrs"))
	}
	if rapid.IntRange(0, 2).Draw(t, "referencing") == 0 {
		b.WriteString("  workloads: {referencing: true}\n")
	}
	b.WriteString("  strategy:\n")
	timeout := rapid.SampledFrom([]string{"0s", "1s", "90m", "24h", "2d", "48h", "1500ms"}).Draw(t, "idle timeout")
	keepalive := fmt.Sprintf("    keepalive: {time: %ds, interval: %ds, probes: %d}\n",
		rapid.IntRange(1, 32767).Draw(t, "time"), rapid.IntRange(1, 32767).Draw(t, "interval"), rapid.IntRange(1, 127).Draw(t, "probes"))
	drain := fmt.Sprintf("    drainDuration: %s\n", rapid.SampledFrom([]string{"1s", "90s", "12h", "2d"}).Draw(t, "drain"))
	switch kind {
	case "sidecar":
		fmt.Fprintf(b, "    idleTimeout: %s\n", timeout)
	case "destinations":
		fmt.Fprintf(b, "    idleTimeout: %s\n    scope: Destinations\n", timeout)
	case "keepalive":
		b.WriteString(keepalive)
	case "drain":
		b.WriteString(drain)
	case "ports":
		b.WriteString("    bypass: Ports\n")
	case "cidrs":
		b.WriteString("    bypass: CIDRs\n")
	case "all":
		fmt.Fprintf(b, "    idleTimeout: %s\n    scope: Destinations\n%s%s", timeout, keepalive, drain)
	}
}

// join draws a list and writes it for a YAML flow sequence; IPv6 needs quotes.
func join[T any](list *rapid.Generator[[]T], t *rapid.T, label string) string {
	var texts []string
	for _, item := range list.Draw(t, label) {
		text := fmt.Sprint(item)
		if strings.Contains(text, ":") {
			text = `"` + text + `"`
		}
		texts = append(texts, text)
	}
	return strings.Join(texts, ", ")
}

// pod draws a pod with annotations as users write them, and as they mistype
// them.
var pod = rapid.Custom(func(t *rapid.T) *rules.Pod {
	p := &rules.Pod{
		Namespace:   rules.Namespace{Name: "shop", Labels: map[string]string{rules.EnabledKey: "true", istio.InjectionLabel: "enabled"}, Known: true},
		Name:        "app",
		Annotations: map[string]string{},
		Containers:  []rules.Container{{Name: "app"}},
	}
	for i := range rapid.IntRange(0, 3).Draw(t, "env") {
		address := fmt.Sprintf("%s:%d", rapid.SampledFrom(addresses).Draw(t, "address"), rapid.SampledFrom(ports).Draw(t, "port"))
		p.Containers[0].Env = append(p.Containers[0].Env, rules.EnvVar{Name: fmt.Sprintf("ADDR_%d", i), Value: address})
	}
	if rapid.Bool().Draw(t, "has config") {
		p.Annotations[istio.ProxyConfigAnnotation] = proxyConfig.Draw(t, "config")
	}
	if rapid.Bool().Draw(t, "has ports") {
		p.Annotations[istio.ExcludeOutboundPortsAnnotation] = portList.Draw(t, "port list")
	}
	if rapid.Bool().Draw(t, "has ranges") {
		p.Annotations[istio.ExcludeOutboundIPRangesAnnotation] = rangeList.Draw(t, "range list")
	}
	if rapid.IntRange(0, 3).Draw(t, "mesh settings") == 0 {
		p.Mesh = &rules.MeshDefaults{
			ExcludeOutboundPorts:    []uint16{8125},
			ExcludeOutboundIPRanges: []netip.Prefix{netip.MustParsePrefix("198.51.100.0/24")},
		}
	}
	return p
})

// portList draws what stands in excludeOutboundPorts, right and wrong.
var portList = listOf(
	rapid.OneOf(
		rapid.Map(rapid.SampledFrom(ports), func(p int) string { return fmt.Sprint(p) }),
		rapid.SampledFrom([]string{" 80", "81 ", "0", "007", "65535"}),
	),
	rapid.SampledFrom([]string{"", "*", "http", "70000", "80-90", "-1", "0x50", "+80"}),
)

// rangeList draws what stands in excludeOutboundIPRanges, right and wrong.
var rangeList = listOf(
	rapid.OneOf(
		rapid.SampledFrom(prefixes),
		// Not masked, which Istio accepts, and a v4-mapped one.
		rapid.SampledFrom([]string{"10.1.2.3/8", "2001:db8::1/32", "::ffff:10.0.0.0/104", "0.0.0.0/0"}),
	),
	rapid.SampledFrom([]string{"", "*", "10.0.0.1", " 10.0.0.0/8", "10.0.0.0/33", "fe80::1%eth0/64"}),
)

// listOf draws comma lists; one in four has a wrong item.
func listOf(good, bad *rapid.Generator[string]) *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		items := rapid.SliceOfN(good, 0, 4).Draw(t, "items")
		if rapid.IntRange(0, 3).Draw(t, "spoil") == 0 {
			at := rapid.IntRange(0, len(items)).Draw(t, "at")
			items = append(items[:at:at], append([]string{bad.Draw(t, "bad")}, items[at:]...)...)
		}
		return strings.Join(items, ",")
	})
}
