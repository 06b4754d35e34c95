package mesh

import (
	"bytes"
	"flag"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/holdfast-mesh/holdfast/istio"
	"github.com/holdfast-mesh/holdfast/rules"
	"github.com/holdfast-mesh/holdfast/rules/load"
	"github.com/holdfast-mesh/holdfast/test/written"
)

var update = flag.Bool("update", false, "write the chart's mesh.yaml anew")

const chartHeader = `# What holdfast needs in the mesh for "scope: Destinations". Istio's own definitions come first. For
# keepalive and gateways:
#   holdfast render -f rules.yaml | kubectl apply -f -
#
`

// The chart's mesh.yaml is what render prints, so that the two never differ. 'go test ./mesh -update'
// writes it.
func TestChart(t *testing.T) {
	const path = "../deploy/chart/files/mesh.yaml"
	want := bytes.NewBufferString(chartHeader)
	if err := WriteYAML(want, []Object{Destinations(istio.DefaultRootNamespace)}); err != nil {
		t.Fatal(err)
	}
	written.Check(t, path, want.String(), "go test ./mesh -update", *update)
}

// The objects of a file, one for each distinct value, in an order that does not depend on the
// order of rules.
func TestFor(t *testing.T) {
	const text = `
apiVersion: holdfast.dev/v1alpha1
kind: Rules
mesh: {rootNamespace: mesh-root}
rules:
- {name: a, destinations: {ports: [1]}, strategy: {idleTimeout: 2h, keepalive: {time: 1000s, interval: 30s, probes: 3}}}
# the same value, written in another way
- {name: b, destinations: {ports: [2]}, strategy: {idleTimeout: 2h, keepalive: {time: 2m, interval: 30s, probes: 3}}}
- {name: c, destinations: {ports: [3]}, strategy: {idleTimeout: 2h, keepalive: {time: 120s, interval: 30s, probes: 3}}}
- {name: d, destinations: {ports: [4]}, mode: Observe, strategy: {idleTimeout: 3h, scope: Destinations}}
- {name: e, destinations: {ports: [5]}, strategy: {idleTimeout: 2h, keepalive: {time: 120s, interval: 5s, probes: 3}}}
- {name: f, destinations: {ports: [6]}, strategy: {bypass: Ports}}
gateways:
- {name: z, namespace: edge, selector: {gw: z}, ports: [1, 2], keepalive: {time: 1s, interval: 1s, probes: 1}}
- {name: x, namespace: edge, selector: {gw: x}, idleTimeout: 24h, stopsLast: true}
- {name: y, namespace: edge, selector: {gw: y}, ports: [1], keepalive: {time: 1s, interval: 1s, probes: 1}}
`
	file, problems := load.Rules("rules.yaml", []byte(text))
	if file == nil {
		t.Fatal(problems)
	}
	// What check tells to apply is what render prints.
	told := map[string]bool{}
	for _, p := range problems {
		if p.Code == load.NeedsMeshObject {
			told[regexp.MustCompile(`want (\S+):`).FindStringSubmatch(p.Message)[1]] = true
		}
	}
	want := []string{
		"mesh-root/holdfast-destinations-v1",
		"mesh-root/holdfast-keepalive-120s-5s-3", "mesh-root/holdfast-keepalive-120s-30s-3", "mesh-root/holdfast-keepalive-1000s-30s-3",
		"edge/holdfast-gateway-y", "edge/holdfast-gateway-z",
	}
	var got []string
	for _, o := range For(file) {
		got = append(got, o.Namespace+"/"+o.Name)
		if o.Labels[NameLabel] != NameValue || o.Labels[KindLabel] != string(o.Kind) {
			t.Errorf("%s: got labels %v, want those that name its owner and kind", o.Name, o.Labels)
		}
		for line := range strings.Lines(o.Comment) {
			if n := len(strings.TrimSpace(line)); n > 110 {
				t.Errorf("%s: got a comment with a line of %d characters, want less: %s", o.Name, n, line)
			}
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if diff := cmp.Diff(slices.Sorted(slices.Values(want)), slices.Sorted(maps.Keys(told))); diff != "" {
		t.Errorf("what the loader says to apply (-want +got)\n%s", diff)
	}
	// The largest values make a name that is still one of Kubernetes.
	if name := Keepalive("x", istio.Keepalive{Time: 32767, Interval: 32767, Probes: 127}).Name; len(name) > 253 {
		t.Errorf("got a name of %d characters: %s", len(name), name)
	}
	if objects := For(&rules.File{}); len(objects) != 0 {
		t.Errorf("got %d objects for no rules, want none", len(objects))
	}
}
