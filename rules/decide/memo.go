package decide

import (
	"hash/maphash"
	"slices"
	"sync/atomic"

	"github.com/holdfast-mesh/holdfast/rules"
	"github.com/holdfast-mesh/holdfast/rules/annotations"
	"github.com/holdfast-mesh/holdfast/rules/merge"
)

// memo remembers what package merge said. A cluster has thousands of pods, but few
// combinations of rules, and all pods of a Deployment bring the same
// annotations; to work their ProxyConfig out takes longer than the rest of an
// admission.
//
// It is a fixed number of slots for entries of bounded size, so it never grows;
// an entry that meets another's slot replaces it. What it holds is never
// changed, so losing a race costs only the work.
type memo struct {
	seed  maphash.Seed // of its own, so that nobody can aim pods at one slot
	slots [256]atomic.Pointer[entry]
}

// entry is what package merge said, and to what.
type entry struct {
	matched []int32
	pod     merge.Pod
	result  *merge.Result
}

const (
	// maxEntry is the most bytes of text that an entry holds: 256 of them stay
	// under 8 MiB, whatever pods bring.
	maxEntry = 32 << 10
	// maxEntryRules is the most rules of an entry. More are seldom the same.
	maxEntryRules = 64
)

// merge returns what these rules make of the pod's annotations.
func (s *Set) merge(pod *rules.Pod, matched []int32) *merge.Result {
	p := merge.Pod{Mesh: pod.Mesh, Lot: s.lot(pod, matched), Annotations: annotations.Of(pod)}
	if p.Mesh == nil {
		p.Mesh = &s.file.Mesh.MeshDefaults // no cluster tells
	}
	p.BuiltIn = s.builtIn(pod, p.Mesh, matched)
	if p.Lot != 0 { // what one pod draws is for no other
		return merge.Merge(s.mergeable(matched), p)
	}
	slot := s.memo.slot(matched, &p)
	if e := slot.Load(); e != nil && e.pod == p && slices.Equal(e.matched, matched) {
		return e.result
	}
	p.Annotations = p.Annotations.Clone()
	m := merge.Merge(s.mergeable(matched), p)
	if len(matched) <= maxEntryRules && p.Annotations.Size()+textOf(m) <= maxEntry {
		slot.Store(&entry{slices.Clone(matched), p, m})
	}
	return m
}

// mergeable are the rules as package merge knows them.
func (s *Set) mergeable(matched []int32) []*merge.Rule {
	list := make([]*merge.Rule, len(matched))
	for at, i := range matched {
		list[at] = &s.rules[i].Rule
	}
	return list
}

// lot is what the pod has drawn, if any of these rules asks for that; 0 else.
func (s *Set) lot(pod *rules.Pod, matched []int32) float64 {
	for _, i := range matched {
		if s.rules[i].Strategy.DrainJitter > 0 {
			return pod.Lot
		}
	}
	return 0
}

func (m *memo) slot(matched []int32, pod *merge.Pod) *atomic.Pointer[entry] {
	const prime = 1099511628211 // FNV-1a, a word at a time
	hash := maphash.Comparable(m.seed, pod.Mesh)
	for _, i := range matched {
		hash = (hash ^ uint64(i)) * prime
	}
	for i, value := range pod.Annotations {
		if value.Present {
			hash = (hash ^ uint64(i) ^ maphash.String(m.seed, value.Text)) * prime
		}
	}
	return &m.slots[(hash^hash>>32)%uint64(len(m.slots))]
}

// textOf is how many bytes of text a result has beside those of keys and rules'
// names, at most.
func textOf(m *merge.Result) int {
	n := 0
	for i := range m.Set {
		n += len(m.Set[i].Value)
	}
	for _, note := range m.Notes {
		n += len(note)
	}
	for _, w := range m.Warnings.All() {
		n += len(w.Message) + len(w.Short)
	}
	return n
}
