package decide

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/holdfast-mesh/holdfast/istio"
	"github.com/holdfast-mesh/holdfast/rules"
)

// What is remembered of pods without own annotations is told to no other pod:
// every decision equals the one on a set that has seen nobody.
func TestBareMemo(t *testing.T) {
	text := `rules:
- name: db
  destinations: {ports: [3306]}
  strategy: {bypass: Ports}
- name: net
  destinations: {cidrs: [10.9.0.0/16]}
  strategy: {bypass: CIDRs}
- name: alive
  destinations: {ports: [6379]}
  strategy: {idleTimeout: 48h, keepalive: {time: 120s, interval: 30s, probes: 3}}
`
	var many strings.Builder // more rules than patterns fit, and than warnings are told
	many.WriteString("rules:\n")
	for i := range 40 {
		fmt.Fprintf(&many, "- name: r%d\n  destinations: {ports: [%d], cidrs: [\"2001:db8:%x:%x::/62\", 10.%d.64.0/19]}\n  strategy: {idleTimeout: 48h, scope: Destinations}\n",
			i, 20011+i*1117, 0x1234+i*0x111, 0xab00+i*4, i+11)
	}
	inMesh := func(ports ...uint16) *rules.Pod {
		pod := shopPod()
		pod.Mesh = &rules.MeshDefaults{ExcludeOutboundPorts: ports}
		return pod
	}
	bare := shopPod()
	decided := shopPod()
	for _, a := range load(t, text).Decide(bare, Options{}).Set {
		decided.Annotations[a.Key] = a.Value
	}
	for name, test := range map[string]struct {
		text string
		pods []*rules.Pod
	}{
		// The mesh's own exclusions are part of the result.
		"meshes": {text, []*rules.Pod{bare, inMesh(25), inMesh(5432, 25), bare, inMesh()}},
		// So is each annotation that holdfast may change, alone.
		"applied":   {text, []*rules.Pod{bare, shopPod(rules.AppliedAnnotation, decided.Annotations[rules.AppliedAnnotation]), bare}},
		"keepalive": {text, []*rules.Pod{bare, shopPod(rules.KeepaliveAnnotation, decided.Annotations[rules.KeepaliveAnnotation]), bare}},
		"ports":     {text, []*rules.Pod{bare, shopPod(istio.ExcludeOutboundPortsAnnotation, "25"), bare}},
		"ranges":    {text, []*rules.Pod{bare, shopPod(istio.ExcludeOutboundIPRangesAnnotation, "10.1.0.0/16"), bare}},
		"config":    {text, []*rules.Pod{bare, shopPod(istio.ProxyConfigAnnotation, "concurrency: 2"), bare}},
		"all":       {text, []*rules.Pod{bare, decided, bare, decided}},
		// Warnings come again, and those left out are counted again.
		"warnings": {many.String(), []*rules.Pod{bare, bare, bare}},
	} {
		t.Run(name, func(t *testing.T) {
			shared := load(t, test.text)
			for i, pod := range test.pods {
				want := load(t, test.text).Decide(pod, Options{})
				if diff := cmp.Diff(want, shared.Decide(pod, Options{}), cmpopts.EquateEmpty()); diff != "" {
					t.Errorf("pod %d (-without +with a memory):\n%s", i, diff)
				}
				if name == "warnings" && want.Warnings[len(want.Warnings)-1].Code != rules.WarnMore {
					t.Fatalf("got warnings %v, want more than are told", want.Warnings)
				}
			}
		})
	}
}
