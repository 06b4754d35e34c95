package decide

import (
	"net/netip"
	"strconv"
	"strings"

	"github.com/holdfast-mesh/holdfast/istio"
	"github.com/holdfast-mesh/holdfast/istio/proxyconfig"
	"github.com/holdfast-mesh/holdfast/rules"
	"github.com/holdfast-mesh/holdfast/rules/annotations"
)

// merged is what becomes of a pod's managed annotations. It is shared by all
// pods with the same values, so nobody changes it.
type merged struct {
	rules    []string // in force on the pod
	set      []rules.Annotation
	remove   []string
	hash     string
	mesh     []string // Outcome.MeshObjects
	notes    []string // own settings that win over rules, for Outcome.Detail
	warnings warnings
	// configSize is how long PROXY_CONFIG is at most, copies what Istio makes of
	// all values beside the annotations, in bytes.
	configSize, copies int
	rejected           targets // for whose own values Istio denies the pod
	inForce            targets // on the pod, and not overruled by its own values
}

// written is what becomes of one annotation.
type written struct {
	annotations.Value
	// blocked are targets that the pod's own value makes unusable.
	blocked   targets
	overruled targets // by the pod's own value
	rejected  bool    // by Istio, and so the pod with it
	size      int     // of a ProxyConfig, as proxyconfig.Config.Size
	notes     []string
	warnings  []rules.Warning
	remember  func(*annotations.Record) // what was changed, nil for nothing
}

func (w *written) warn(code rules.WarningCode, head, variable, tail string) {
	w.warnings = append(w.warnings, rules.NewWarning(code, head, variable, tail))
}

// merge is the way from what rules want and what a pod has to what it gets. It
// depends on nothing else: memo relies on that. It starts from what the pod's
// authors wrote, so that it makes no difference what holdfast wrote before.
func merge(w *want, there annotations.Values, mesh *rules.MeshDefaults, lot float64) *merged {
	own := there.TakeBack()
	w.drawDrain(&there, lot)
	ports := mergePorts(own[annotations.ExcludedPorts], w, mesh.ExcludeOutboundPorts)
	ranges := mergeRanges(own[annotations.ExcludedRanges], w, mesh.ExcludeOutboundIPRanges)
	config := mergeProxyConfig(own[annotations.ProxyConfig], w)

	var m merged
	var blocked, overruled targets
	for _, part := range [...]*written{&ports, &ranges, &config} {
		blocked |= part.blocked
		overruled |= part.overruled
		if part.rejected {
			m.rejected |= part.blocked
		}
		m.notes = append(m.notes, part.notes...)
		for _, warning := range part.warnings {
			m.warnings.take(warning)
		}
	}
	for _, rule := range w.rules {
		if w.leftOut[rule] {
			m.warnings.add(rules.WarnTooManyDestinations, "rule ", rule.Name,
				" left out: over "+strconv.Itoa(istio.MaxDestinationKeys)+" destination patterns match this pod; give it fewer CIDRs or ports")
		}
	}
	result := annotations.Values{
		annotations.Keepalive:      mergeKeepalive(own[annotations.Keepalive], w, blocked),
		annotations.ProxyConfig:    config.Value,
		annotations.ExcludedRanges: ranges.Value,
		annotations.ExcludedPorts:  ports.Value,
	}
	m.rules = w.inForce(blocked)
	m.notes = append(m.notes, w.builtInNotes()...)
	if len(m.rules) == 0 || w.targets == 0 {
		m.set, m.remove = there.Changes(own)
		return &m
	}
	if there[annotations.ProxyConfig].Present && result[annotations.ProxyConfig].Present && proxyconfig.Same(there[annotations.ProxyConfig].Text, result[annotations.ProxyConfig].Text) {
		result[annotations.ProxyConfig].Text = there[annotations.ProxyConfig].Text // as it was written at first
	}
	m.inForce = w.targets &^ blocked &^ overruled
	m.mesh = w.meshObjects(blocked)
	m.hash = w.touched(result).Hash()
	m.configSize = config.size
	m.copies = len(ports.Text) + len(ranges.Text) + configCopies*config.size
	r := annotations.NewRecord(m.rules, m.hash)
	for _, part := range [...]*written{&ports, &ranges, &config} {
		if part.remember != nil {
			part.remember(&r)
		}
	}
	r.WroteKeepalive(own[annotations.Keepalive])
	result[annotations.Applied] = r.Value()
	m.set, m.remove = there.Changes(result)
	return &m
}

func mergePorts(own annotations.Value, w *want, defaults []uint16) written {
	r := written{Value: own}
	if w.targets&targetPorts == 0 {
		return r
	}
	if err := mergeList(&r, annotations.ExcludedPorts, defaults, w.ports, istio.ParsePorts, istio.UnionPorts, istio.FormatPorts); err != nil {
		r.blocked, r.rejected = targetPorts, true
		r.warn(rules.WarnPortsLeftAlone, "Istio will deny this pod, excludeOutboundPorts: ", err.Error(), "")
	}
	return r
}

func mergeRanges(own annotations.Value, w *want, defaults []netip.Prefix) written {
	r := written{Value: own}
	if w.targets&targetPrefixes == 0 {
		return r
	}
	if err := mergeList(&r, annotations.ExcludedRanges, defaults, w.prefixes, istio.ParsePrefixes, istio.UnionPrefixes, istio.FormatPrefixes); err != nil {
		r.blocked, r.rejected = targetPrefixes, true
		r.warn(rules.WarnPrefixesLeftAlone, "Istio will deny this pod, excludeOutboundIPRanges: ", err.Error(), "")
	}
	return r
}

// mergeList adds what is wanted to the pod's own list, or to the mesh's where
// the pod has none. A list that has it all stays as it is written, and so does
// one that Istio rejects.
func mergeList[T any](r *written, index int, defaults, wanted []T, parse func(string) ([]T, error),
	unite func(base, add []T) ([]T, bool), format func([]T) string,
) error {
	own, items := r.Value, []T(nil)
	base := defaults
	if own.Present {
		var err error
		if items, err = parse(own.Text); err != nil {
			return err
		}
		base = items
	}
	union, grew := unite(base, wanted)
	if !grew {
		return nil
	}
	r.Value = annotations.Value{Text: format(union), Present: true}
	r.remember = func(to *annotations.Record) {
		items, _ = unite(items, nil)
		to.WroteList(index, own, format(items), r.Text)
	}
	return nil
}

// mergeKeepalive records the keepalive that the ProxyConfig has.
func mergeKeepalive(own annotations.Value, w *want, blocked targets) annotations.Value {
	switch {
	case blocked&targetKeepalive != 0:
		return own
	case w.targets&targetKeepalive != 0:
		return annotations.Value{Text: w.keepalive.String(), Present: true}
	}
	return annotations.Value{}
}

// touched are the values without lists that no rule asks for: with istio-cni the
// injector adds the installation's own, and they are not part of an outcome.
// Source:
// https://github.com/istio/istio/blob/eed52ebb66ad/manifests/charts/istio-control/istio-discovery/files/injection-template.yaml
func (w *want) touched(v annotations.Values) *annotations.Values {
	if w.targets&targetPorts == 0 {
		v[annotations.ExcludedPorts] = annotations.Value{}
	}
	if w.targets&targetPrefixes == 0 {
		v[annotations.ExcludedRanges] = annotations.Value{}
	}
	return &v
}

// whyLeftAlone says why no rule could be put in force.
func (m *merged) whyLeftAlone() string {
	var keys []string
	if m.rejected&targetsInProxyConfig != 0 {
		keys = append(keys, annotations.Key(annotations.ProxyConfig))
	}
	if m.rejected&targetPrefixes != 0 {
		keys = append(keys, annotations.Key(annotations.ExcludedRanges))
	}
	if m.rejected&targetPorts != 0 {
		keys = append(keys, annotations.Key(annotations.ExcludedPorts))
	}
	if keys == nil {
		return "the pod's own " + annotations.Key(annotations.ProxyConfig) + " has no safe edit, see the warning"
	}
	return "Istio will deny this pod for its own " + strings.Join(keys, ", ")
}

// inForce names the rules of which something is in force on the pod.
func (w *want) inForce(blocked targets) []string {
	names := make([]string, 0, len(w.rules))
	for _, rule := range w.rules {
		rest := rule.targets &^ blocked
		if w.leftOut[rule] {
			rest &^= targetDestinations
		}
		if rest != 0 {
			names = append(names, rule.Name)
		}
	}
	return names
}

// meshObjects names the objects of the mesh without which something of what is
// wanted has no effect, sorted.
func (w *want) meshObjects(blocked targets) (names []string) {
	inForce := w.targets &^ blocked
	if inForce&targetDestinations != 0 {
		names = append(names, istio.DestinationsObject)
	}
	if inForce&targetKeepalive != 0 {
		names = append(names, w.keepalive.ObjectName())
	}
	return names
}
