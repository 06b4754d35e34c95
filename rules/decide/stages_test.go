package decide

import (
	"testing"

	"github.com/holdfast-mesh/holdfast/rules"
	"github.com/holdfast-mesh/holdfast/rules/evidence"
	"github.com/holdfast-mesh/holdfast/test/cold"
)

// BenchmarkStages times the parts of one decision about a pod whose like was there before, warm
// and cold. The outcome is made with what merging has just touched.
func BenchmarkStages(b *testing.B) {
	evict := cold.Caches(b)
	set := Compile(mixedRules(10))
	for name, before := range map[string]func(){"warm": func() {}, "cold": evict} {
		b.Run(name, func(b *testing.B) {
			pod := typicalPod()
			if got := set.Decide(pod, Options{}).Reason; got != rules.Patched {
				b.Fatalf("got %s, want the pod patched", got)
			}
			var stages cold.Stages
			for b.Loop() {
				before()
				stages.Begin()
				p, _, stop := set.gate(pod, Options{})
				if stages.Done("gate"); stop {
					b.Fatal("the gate is shut")
				}
				f := set.facts(pod, evidence.Recall)
				stages.Done("evidence")
				var matched []int32
				for _, i := range set.index.candidates(&f, make([]int32, 0, usualCandidates)) {
					if set.rules[i].match(&f) == rules.VerdictMatched {
						matched = append(matched, i)
					}
				}
				stages.Done("match")
				set.merge(pod, matched)
				stages.Done("merge")
				set.outcome(&f, matched, &p)
				stages.Done("outcome")
				f.found.Release()
			}
			stages.Report(b)
		})
	}
}
