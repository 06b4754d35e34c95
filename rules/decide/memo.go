package decide

import (
	"slices"
	"sync/atomic"

	"github.com/holdfast-mesh/holdfast/istio"
	"github.com/holdfast-mesh/holdfast/istio/proxyconfig"
	"github.com/holdfast-mesh/holdfast/rules"
)

// memo remembers what combinations of rules want. A cluster has thousands of
// pods but few combinations, and packing patterns and writing a ProxyConfig
// take most of a decision's time. It is a fixed number of slots, so it never
// grows; a combination that meets another's slot replaces it. What it holds is
// never changed, so losing a race costs only the work.
type memo [256]atomic.Pointer[memoEntry]

type memoEntry struct {
	rules  []int32
	wanted wanted
	// proxyConfig is the annotation for a pod without one of its own; err says
	// why there can be none.
	proxyConfig string
	err         error
	// bare is all of it for a pod without annotations of its own that count.
	bare atomic.Pointer[bareResult]
}

// bareResult holds for pods of one mesh. It may not be changed.
type bareResult struct {
	mesh     *rules.MeshDefaults
	result   result
	warnings warnings
}

// isBare says whether a pod has nothing that the result depends on beside its
// mesh. Most pods have not.
func isBare(pod *rules.Pod) bool {
	for _, key := range [...]string{
		istio.ProxyConfigAnnotation, istio.ExcludeOutboundPortsAnnotation, istio.ExcludeOutboundIPRangesAnnotation,
		rules.KeepaliveAnnotation, rules.AppliedAnnotation,
	} {
		if _, ok := pod.Annotations[key]; ok {
			return false
		}
	}
	return true
}

// maxMemoRules keeps combinations out that are too long to be worth their
// memory.
const maxMemoRules = 64

// combination returns what these rules want together. The result may not be
// changed.
func (s *Set) combination(matched []int32) *memoEntry {
	hash := uint32(2166136261) // FNV-1a, a word at a time
	for _, i := range matched {
		hash = (hash ^ uint32(i)) * 16777619
	}
	slot := &s.memo[(hash^hash>>16)%uint32(len(s.memo))]
	if e := slot.Load(); e != nil && slices.Equal(e.rules, matched) {
		return e
	}
	e := &memoEntry{rules: slices.Clone(matched)}
	e.wanted = s.want(e.rules)
	if e.wanted.targets&targetsInProxyConfig != 0 {
		fresh := writing{set: s, pod: &rules.Pod{}, wanted: &e.wanted}
		config, err := proxyconfig.Parse("")
		if err == nil {
			edit, _, _ := fresh.edit(config)
			e.proxyConfig, err = config.Edit(edit)
		}
		e.err = err
	}
	if len(matched) <= maxMemoRules {
		slot.Store(e)
	}
	return e
}
