package annotations

import (
	"slices"
	"strings"

	"github.com/holdfast-mesh/holdfast/internal/digest"
	"github.com/holdfast-mesh/holdfast/istio"
	"github.com/holdfast-mesh/holdfast/istio/proxyconfig"
	"github.com/holdfast-mesh/holdfast/rules"
)

// The annotations that holdfast manages, as indices of Values, sorted by key. This
// is the only list: what is not in it is neither read, nor written, nor remembered.
const (
	Applied = iota
	Keepalive
	ProxyConfig
	ExcludedRanges
	ExcludedPorts
)

var managed = [...]string{
	Applied:        rules.AppliedAnnotation,
	Keepalive:      rules.KeepaliveAnnotation,
	ProxyConfig:    istio.ProxyConfigAnnotation,
	ExcludedRanges: istio.ExcludeOutboundIPRangesAnnotation,
	ExcludedPorts:  istio.ExcludeOutboundPortsAnnotation,
}

// Key returns the key of the annotation with an index of Values.
func Key(index int) string { return managed[index] }

// Keys returns the keys of all managed annotations, sorted.
func Keys() []string { return slices.Clone(managed[:]) }

// Value is an annotation's value, if the annotation is there.
type Value struct {
	Text    string
	Present bool
}

// Values are those of the managed annotations.
type Values [len(managed)]Value

// Of returns the values that a pod has.
func Of(pod *rules.Pod) (v Values) {
	for i, key := range managed {
		v[i].Text, v[i].Present = pod.Annotations[key]
	}
	return v
}

// Clone returns values that share no memory with the pod that they come from.
func (v *Values) Clone() (c Values) {
	for i := range v {
		c[i] = Value{strings.Clone(v[i].Text), v[i].Present}
	}
	return c
}

// Size is how many bytes of text the values are.
func (v *Values) Size() int {
	n := 0
	for i := range v {
		n += len(v[i].Text)
	}
	return n
}

// Hash identifies what a pod gets, but for rules.AppliedAnnotation, which has it: 16
// hexadecimal digits.
func (v *Values) Hash() string {
	var text []byte
	for i, key := range managed {
		if i == Applied {
			continue
		}
		text = append(text, key...)
		if v[i].Present {
			text = append(append(text, '='), v[i].Text...)
		}
		text = append(text, 0)
	}
	return digest.Hex(text)
}

// Drawn returns the drainDuration that was drawn for the pod when holdfast wrote it, and
// what from, as Record has it; both empty if none was. That it is there still is not
// said.
func (v *Values) Drawn() (drain, from string) {
	if !v[Applied].Present {
		return "", ""
	}
	r := readRecord(v[Applied].Text)
	if r.Drawn == "" {
		return "", ""
	}
	return r.Wrote[proxyconfig.DrainDuration.String()], r.Drawn
}

// Changes lists what to set and what to remove to get from these values to others,
// sorted by key.
func (from Values) Changes(to Values) (set []rules.Annotation, remove []string) {
	for i, key := range managed {
		switch {
		case to[i] == from[i]:
		case to[i].Present:
			set = append(set, rules.Annotation{Key: key, Value: to[i].Text})
		default:
			remove = append(remove, key)
		}
	}
	return set, remove
}
