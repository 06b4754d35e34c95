package decide

import (
	"slices"

	"github.com/holdfast-mesh/holdfast/istio"
	"github.com/holdfast-mesh/holdfast/rules"
)

// The annotations that holdfast manages, sorted by key. This is the only list:
// what is not in it is neither read, nor written, nor remembered.
const (
	applied = iota
	keepalive
	proxyConfig
	excludedRanges
	excludedPorts
)

var managed = [...]string{
	applied:        rules.AppliedAnnotation,
	keepalive:      rules.KeepaliveAnnotation,
	proxyConfig:    istio.ProxyConfigAnnotation,
	excludedRanges: istio.ExcludeOutboundIPRangesAnnotation,
	excludedPorts:  istio.ExcludeOutboundPortsAnnotation,
}

// Managed returns the keys of the annotations that an outcome may set or
// remove, sorted.
func Managed() []string { return slices.Clone(managed[:]) }

// value is an annotation's value, if the annotation is there.
type value struct {
	text    string
	present bool
}

// values are those of the managed annotations.
type values [len(managed)]value

func valuesOf(pod *rules.Pod) (v values) {
	for i, key := range managed {
		v[i].text, v[i].present = pod.Annotations[key]
	}
	return v
}

// hash identifies what a pod gets, but for AppliedAnnotation, which has it.
func (v *values) hash() string {
	var text []byte
	for i, key := range managed {
		if i == applied {
			continue
		}
		text = append(text, key...)
		if v[i].present {
			text = append(append(text, '='), v[i].text...)
		}
		text = append(text, 0)
	}
	return hexHash(text)
}

// changes lists what to set and what to remove, sorted by key.
func changes(from, to values) (set []rules.Annotation, remove []string) {
	for i, key := range managed {
		switch {
		case to[i] == from[i]:
		case to[i].present:
			set = append(set, rules.Annotation{Key: key, Value: to[i].text})
		default:
			remove = append(remove, key)
		}
	}
	return set, remove
}
