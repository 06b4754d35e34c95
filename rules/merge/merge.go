package merge

import (
	"strconv"
	"strings"

	"github.com/holdfast-mesh/holdfast/istio"
	"github.com/holdfast-mesh/holdfast/istio/proxyconfig"
	"github.com/holdfast-mesh/holdfast/rules"
	"github.com/holdfast-mesh/holdfast/rules/annotations"
)

// Pod is all that a merge knows of a pod. Pods that are equal get the same.
type Pod struct {
	Mesh        *rules.MeshDefaults // what Istio was installed with, never nil
	BuiltIn     Targets             // that the pod meets without an annotation
	Lot         float64             // of rules.Pod
	Annotations annotations.Values
}

// Result is what becomes of a pod's managed annotations. It may be shared by all
// pods that are equal, so nobody changes it.
type Result struct {
	Rules       []string           // in force on the pod
	InForce     Targets            // of these, without those that the pod's own values overrule
	Set         []rules.Annotation // sorted by key
	Remove      []string           // keys, sorted
	Hash        string             // annotations.Values.Hash of the outcome; empty if no rule writes anything
	MeshObjects []string           // names of objects without which something of it has no effect, sorted
	Notes       []string           // why something that rules want is not written
	Warnings    rules.Warnings
	// ConfigSize is how long PROXY_CONFIG is at most, Copies what Istio makes of
	// all values beside the annotations, in bytes.
	ConfigSize, Copies int

	rejected Targets // for whose own values Istio denies the pod
}

// configCopies is how often the injector writes a ProxyConfig down:
// PROXY_CONFIG, and each proxyMetadata as a variable of two containers.
// Source:
// https://github.com/istio/istio/blob/eed52ebb66ad/manifests/charts/istio-control/istio-discovery/files/injection-template.yaml
const configCopies = 3

// written is what becomes of one annotation.
type written struct {
	annotations.Value
	// blocked are targets that the pod's own value makes unusable.
	blocked   Targets
	overruled Targets // by the pod's own value
	rejected  bool    // by Istio, and so the pod with it
	size      int     // of a ProxyConfig, as proxyconfig.Config.Size
	notes     []string
	warnings  []rules.Warning
	remember  func(*annotations.Record) // what was changed, nil for nothing
}

func (w *written) warn(code rules.WarningCode, head, variable, tail string) {
	w.warnings = append(w.warnings, rules.NewWarning(code, head, variable, tail))
}

// Merge says what rules, given in file order, make of a pod. It depends on nothing
// else, so that a result can be remembered. It starts from what the pod's authors
// wrote, so that it makes no difference what holdfast wrote before.
func Merge(list []*Rule, pod Pod) *Result {
	there, own := pod.Annotations, pod.Annotations.TakeBack()
	w := unite(list, pod.BuiltIn)
	w.drawDrain(&there, pod.Lot)
	ports := excludedPorts.merge(own[annotations.ExcludedPorts], w.targets, w.ports, pod.Mesh.ExcludeOutboundPorts)
	ranges := excludedRanges.merge(own[annotations.ExcludedRanges], w.targets, w.prefixes, pod.Mesh.ExcludeOutboundIPRanges)
	config := mergeProxyConfig(own[annotations.ProxyConfig], w)

	var m Result
	var blocked, overruled Targets
	for _, part := range [...]*written{&ports, &ranges, &config} {
		blocked |= part.blocked
		overruled |= part.overruled
		if part.rejected {
			m.rejected |= part.blocked
		}
		m.Notes = append(m.Notes, part.notes...)
		for _, warning := range part.warnings {
			m.Warnings.Take(warning)
		}
	}
	for _, rule := range w.rules {
		if w.leftOut[rule] {
			m.Warnings.Add(rules.WarnTooManyDestinations, "rule ", rule.Name,
				" left out: over "+strconv.Itoa(istio.MaxDestinationKeys)+" destination patterns match this pod; give it fewer CIDRs or ports")
		}
	}
	result := annotations.Values{
		annotations.Keepalive:      mergeKeepalive(own[annotations.Keepalive], w, blocked),
		annotations.ProxyConfig:    config.Value,
		annotations.ExcludedRanges: ranges.Value,
		annotations.ExcludedPorts:  ports.Value,
	}
	m.Rules = w.inForce(blocked)
	m.Notes = append(m.Notes, w.builtInNotes()...)
	if len(m.Rules) == 0 || w.targets == 0 {
		m.Set, m.Remove = there.Changes(own)
		return &m
	}
	if there[annotations.ProxyConfig].Present && result[annotations.ProxyConfig].Present && proxyconfig.Same(there[annotations.ProxyConfig].Text, result[annotations.ProxyConfig].Text) {
		result[annotations.ProxyConfig].Text = there[annotations.ProxyConfig].Text // as it was written at first
	}
	m.InForce = w.targets &^ blocked &^ overruled
	m.MeshObjects = w.meshObjects(blocked)
	m.Hash = w.touched(result).Hash()
	m.ConfigSize = config.size
	m.Copies = len(ports.Text) + len(ranges.Text) + configCopies*config.size
	r := annotations.NewRecord(m.Rules, m.Hash)
	for _, part := range [...]*written{&ports, &ranges, &config} {
		if part.remember != nil {
			part.remember(&r)
		}
	}
	r.WroteKeepalive(own[annotations.Keepalive])
	result[annotations.Applied] = r.Value()
	m.Set, m.Remove = there.Changes(result)
	return &m
}

// mergeKeepalive records the keepalive that the ProxyConfig has.
func mergeKeepalive(own annotations.Value, w *want, blocked Targets) annotations.Value {
	switch {
	case blocked&Keepalive != 0:
		return own
	case w.targets&Keepalive != 0:
		return annotations.Value{Text: w.keepalive.String(), Present: true}
	}
	return annotations.Value{}
}

// touched are the values without lists that no rule asks for: with istio-cni the
// injector adds the installation's own, and they are not part of an outcome.
// Source:
// https://github.com/istio/istio/blob/eed52ebb66ad/manifests/charts/istio-control/istio-discovery/files/injection-template.yaml
func (w *want) touched(v annotations.Values) *annotations.Values {
	if w.targets&Ports == 0 {
		v[annotations.ExcludedPorts] = annotations.Value{}
	}
	if w.targets&Prefixes == 0 {
		v[annotations.ExcludedRanges] = annotations.Value{}
	}
	return &v
}

// WhyLeftAlone says why no rule could be put in force.
func (m *Result) WhyLeftAlone() string {
	var keys []string
	if m.rejected&inProxyConfig != 0 {
		keys = append(keys, annotations.Key(annotations.ProxyConfig))
	}
	if m.rejected&Prefixes != 0 {
		keys = append(keys, annotations.Key(annotations.ExcludedRanges))
	}
	if m.rejected&Ports != 0 {
		keys = append(keys, annotations.Key(annotations.ExcludedPorts))
	}
	if keys == nil {
		return "the pod's own " + annotations.Key(annotations.ProxyConfig) + " has no safe edit, see the warning"
	}
	return "Istio will deny this pod for its own " + strings.Join(keys, ", ")
}

// inForce names the rules of which something is in force on the pod.
func (w *want) inForce(blocked Targets) []string {
	names := make([]string, 0, len(w.rules))
	for _, rule := range w.rules {
		rest := rule.Targets &^ blocked
		if w.leftOut[rule] {
			rest &^= Destinations
		}
		if rest != 0 {
			names = append(names, rule.Name)
		}
	}
	return names
}

// meshObjects names the objects of the mesh without which something of what is
// wanted has no effect, sorted.
func (w *want) meshObjects(blocked Targets) (names []string) {
	inForce := w.targets &^ blocked
	if inForce&Destinations != 0 {
		names = append(names, istio.DestinationsObject)
	}
	if inForce&Keepalive != 0 {
		names = append(names, w.keepalive.ObjectName())
	}
	return names
}
