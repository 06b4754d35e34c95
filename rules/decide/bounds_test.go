package decide

import (
	"fmt"
	"strings"
	"testing"

	"github.com/holdfast-mesh/holdfast/rules"
	"github.com/holdfast-mesh/holdfast/rules/annotations"
	"github.com/holdfast-mesh/holdfast/rules/merge"
)

// manyBypasses are rules that differ in their names.
func manyBypasses(n int) string {
	var b strings.Builder
	b.WriteString("rules:\n")
	for i := range n {
		fmt.Fprintf(&b, "- {name: r%d, destinations: {ports: [3306]}, strategy: {bypass: Ports}}\n", i)
	}
	return b.String()
}

// A detail names five rules, and counts the others.
func TestListedRules(t *testing.T) {
	for count, want := range map[int]string{
		5: "r0, r1, r2, r3, r4 in force",
		6: "r0, r1, r2, r3, r4 and 1 more in force",
		8: "r0, r1, r2, r3, r4 and 3 more in force",
	} {
		if got := compileRules(t, manyBypasses(count)).Decide(shopPod(), Options{}).Detail; got != want {
			t.Errorf("%d rules: got %q, want %q", count, got, want)
		}
	}
}

// One annotation set and one removed are a patch.
func TestSetAndRemove(t *testing.T) {
	set := compileRules(t, bypassMySQL)
	pod := shopPod()
	apply(pod, set.Decide(pod, Options{}))
	pod.Annotations[rules.AppliedAnnotation] = "stale"
	pod.Annotations[rules.KeepaliveAnnotation] = "1s-1s-1"
	if o := set.Decide(pod, Options{}); o.Reason != rules.Patched || len(o.Set) != 1 || len(o.Remove) != 1 {
		t.Errorf("got %s, set %v, remove %v; want Patched, one of each", o.Reason, o.Set, o.Remove)
	}
}

// A list of CIDRs is searched one by one as long as that is faster.
func TestLongLists(t *testing.T) {
	for count, want := range map[int]bool{longList: false, longList + 1: true} {
		var list []string
		for i := range count {
			list = append(list, fmt.Sprintf("10.%d.0.0/16", 2*i))
		}
		set := compileRules(t, "rules:\n- {name: r, destinations: {cidrs: ["+strings.Join(list, ", ")+"]}, workloads: {referencing: true}, strategy: {bypass: CIDRs}}\n")
		if got := set.rules[0].table != nil; got != want {
			t.Errorf("%d CIDRs: got a table: %v, want %v", count, got, want)
		}
	}
}

// The largest entry that is remembered, and one byte more.
func TestLargestEntry(t *testing.T) {
	set := compileRules(t, twoTimeouts)
	empty := textOf(set.merge(shopPod(), []int32{0}))
	for _, test := range []struct {
		bytes int
		want  bool
	}{{maxEntry - empty, true}, {maxEntry - empty + 1, false}} {
		// The own value is removed, so the result stays as large as it is.
		pod := shopPod(rules.KeepaliveAnnotation, strings.Repeat("x", test.bytes))
		first := set.merge(pod, []int32{0})
		if got := set.merge(pod, []int32{0}) == first; got != test.want {
			t.Errorf("%d bytes of its own: got it remembered: %v, want %v", test.bytes, got, test.want)
		}
	}
}

// Combinations of rules, and values of pods, are spread over the slots.
func TestSlotsAreSpread(t *testing.T) {
	set := compileRules(t, bypassMySQL)
	const count = 64
	byRule, byValue, byMesh := map[any]bool{}, map[any]bool{}, map[any]bool{}
	for i := range count {
		byRule[set.memo.slot([]int32{int32(i), 1}, &merge.Pod{})] = true
		byMesh[set.memo.slot(nil, &merge.Pod{Mesh: &rules.MeshDefaults{ExcludeOutboundPorts: []uint16{uint16(i)}}})] = true
		var own annotations.Values
		own[annotations.ProxyConfig] = annotations.Value{Text: fmt.Sprint(i), Present: true}
		byValue[set.memo.slot(nil, &merge.Pod{Annotations: own})] = true
	}
	for name, slots := range map[string]map[any]bool{"rules": byRule, "values": byValue, "meshes": byMesh} {
		if len(slots) < count/2 {
			t.Errorf("got %d slots for %d different %s, want most to have one of their own", len(slots), count, name)
		}
	}
}
