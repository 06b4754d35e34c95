package decide

import (
	"strconv"
	"time"

	"github.com/holdfast-mesh/holdfast/istio"
	"github.com/holdfast-mesh/holdfast/rules"
)

// result is what a writing comes to.
type result struct {
	rules  []string
	set    []rules.Annotation
	remove []string
	hash   string
	notes  []string
}

// merge works out the edits for a pod that these rules match. There is at
// least one. The result may be shared with other pods, so nobody changes it.
func (s *Set) merge(pod *rules.Pod, matched []int32, warn *warnings) result {
	combination := s.combination(matched)
	w := writing{set: s, pod: pod, wanted: &combination.wanted, fresh: combination, warn: warn}
	if !isBare(pod) {
		w.write()
		return w.result()
	}
	known := combination.bare.Load()
	if known == nil || known.mesh != pod.Mesh {
		fresh := &bareResult{mesh: pod.Mesh}
		w.warn = &fresh.warnings
		w.write()
		fresh.result = w.result()
		combination.bare.Store(fresh)
		known = fresh
	}
	warn.takeAll(&known.warnings)
	return known.result
}

func (w *writing) result() result {
	r := result{rules: w.inForce(), notes: w.notes}
	// Sorted by key, all of them after AppliedAnnotation.
	managed := [...]*change{&w.keepalive, &w.proxyConfig, &w.prefixes, &w.ports}
	var buffer [1024]byte
	text := buffer[:0]
	for _, c := range managed {
		text = append(text, c.key...)
		if c.wants {
			text = append(append(text, '='), c.value...)
		}
		text = append(text, 0)
	}
	r.hash = hexHash(text)
	applied := w.current(rules.AppliedAnnotation)
	applied.put(appliedText(r.rules, r.hash))
	r.set = make([]rules.Annotation, 0, 1+len(managed))
	for _, c := range [...]*change{&applied, managed[0], managed[1], managed[2], managed[3]} {
		switch {
		case !c.modified:
		case c.wants:
			r.set = append(r.set, rules.Annotation{Key: c.key, Value: c.value})
		default:
			r.remove = append(r.remove, c.key)
		}
	}
	if len(r.set) == 0 {
		r.set = nil
	}
	return r
}

// appliedText is the value of AppliedAnnotation. Names of rules are DNS labels
// and need no escaping.
func appliedText(rules []string, hash string) string {
	size := len(`{"rules":[],"hash":""}`) + len(hash)
	for _, name := range rules {
		size += len(name) + len(`"",`)
	}
	text := append(make([]byte, 0, size), `{"rules":[`...)
	for i, name := range rules {
		if i > 0 {
			text = append(text, ',')
		}
		text = append(append(append(text, '"'), name...), '"')
	}
	text = append(text, `],"hash":"`...)
	text = append(text, hash...)
	return string(append(text, `"}`...))
}

// maxAnnotations is how many bytes of keys and values an object may carry; the
// API server rejects a pod with more.
// Source: TotalAnnotationSizeLimitB in https://github.com/kubernetes/apimachinery/blob/v0.37.2/pkg/api/validation/objectmeta.go
const maxAnnotations = 256 << 10

// fits says whether the API server accepts the pod with these edits, if it
// would accept it without them.
func (r *result) fits(pod *rules.Pod) bool {
	before := 0
	for key, value := range pod.Annotations {
		before += len(key) + len(value)
	}
	after := before
	for _, a := range r.set {
		after += len(a.Value)
		if old, ok := pod.Annotations[a.Key]; ok {
			after -= len(old)
		} else {
			after += len(a.Key)
		}
	}
	return after <= maxAnnotations || after <= before
}

// milliseconds writes an idle timeout for connections to destinations.
func milliseconds(d time.Duration) string {
	if d == 0 {
		return istio.NoTimeoutMilliseconds
	}
	return strconv.FormatInt(d.Milliseconds(), 10)
}
