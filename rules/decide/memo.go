package decide

import (
	"hash/maphash"
	"slices"
	"sync/atomic"

	"github.com/holdfast-mesh/holdfast/rules"
	"github.com/holdfast-mesh/holdfast/rules/annotations"
)

// memo remembers what merge said. A cluster has thousands of pods, but few
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

// entry is what merge said, and to what.
type entry struct {
	matched []int32
	own     annotations.Values
	mesh    *rules.MeshDefaults
	builtIn targets
	merged  *merged
}

const (
	// maxEntry is the most bytes of text that an entry holds: 256 of them stay
	// under 8 MiB, whatever pods bring.
	maxEntry = 32 << 10
	// maxEntryRules is the most rules of an entry. More are seldom the same.
	maxEntryRules = 64
)

// merge returns what these rules make of the pod's annotations.
func (s *Set) merge(pod *rules.Pod, matched []int32) *merged {
	own, mesh := annotations.Of(pod), pod.Mesh
	if mesh == nil {
		mesh = &s.file.Mesh.MeshDefaults // no cluster tells
	}
	builtIn := s.builtIn(pod, mesh, matched)
	if lot := s.lot(pod, matched); lot != 0 { // what one pod draws is for no other
		return merge(s.want(matched, builtIn), own, mesh, lot)
	}
	slot := s.memo.slot(matched, &own, mesh)
	if e := slot.Load(); e != nil && e.mesh == mesh && e.builtIn == builtIn && e.own == own && slices.Equal(e.matched, matched) {
		return e.merged
	}
	own = own.Clone()
	m := merge(s.want(matched, builtIn), own, mesh, 0)
	if len(matched) <= maxEntryRules && own.Size()+m.size() <= maxEntry {
		slot.Store(&entry{matched: slices.Clone(matched), own: own, mesh: mesh, builtIn: builtIn, merged: m})
	}
	return m
}

func (m *memo) slot(matched []int32, own *annotations.Values, mesh *rules.MeshDefaults) *atomic.Pointer[entry] {
	const prime = 1099511628211 // FNV-1a, a word at a time
	hash := maphash.Comparable(m.seed, mesh)
	for _, i := range matched {
		hash = (hash ^ uint64(i)) * prime
	}
	for i := range own {
		if own[i].Present {
			hash = (hash ^ uint64(i) ^ maphash.String(m.seed, own[i].Text)) * prime
		}
	}
	return &m.slots[(hash^hash>>32)%uint64(len(m.slots))]
}

// size is how many bytes of text m has beside those of keys and rules' names,
// at most.
func (m *merged) size() int {
	n := 0
	for i := range m.set {
		n += len(m.set[i].Value)
	}
	for _, note := range m.notes {
		n += len(note)
	}
	for i := range m.warnings.list {
		n += len(m.warnings.list[i].Message) + len(m.warnings.list[i].Short)
	}
	return n
}
