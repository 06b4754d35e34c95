package decide

import (
	"net/netip"
	"strconv"
	"strings"

	"github.com/holdfast-mesh/holdfast/istio"
	"github.com/holdfast-mesh/holdfast/rules"
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
}

// written is what becomes of one annotation.
type written struct {
	value
	// blocked are targets that the pod's own value makes unusable.
	blocked  targets
	rejected bool // by Istio, and so the pod with it
	size     int  // of a ProxyConfig, as proxyconfig.Config.Size
	notes    []string
	warnings []rules.Warning
	remember func(*record) // what was changed, nil for nothing
}

func (w *written) warn(code rules.WarningCode, head, variable, tail string) {
	w.warnings = append(w.warnings, rules.NewWarning(code, head, variable, tail))
}

// merge is the way from what rules want and what a pod has to what it gets. It
// depends on nothing else: memo relies on that. It starts from what the pod's
// authors wrote, so that it makes no difference what holdfast wrote before.
func merge(w *want, there values, mesh *rules.MeshDefaults) *merged {
	own := there.takeBack()
	ports := mergePorts(own[excludedPorts], w, mesh.ExcludeOutboundPorts)
	ranges := mergeRanges(own[excludedRanges], w, mesh.ExcludeOutboundIPRanges)
	config := mergeProxyConfig(own[proxyConfig], w)

	var m merged
	var blocked targets
	for _, part := range [...]*written{&ports, &ranges, &config} {
		blocked |= part.blocked
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
	result := values{
		keepalive:      mergeKeepalive(own[keepalive], w, blocked),
		proxyConfig:    config.value,
		excludedRanges: ranges.value,
		excludedPorts:  ports.value,
	}
	m.rules = w.inForce(blocked)
	if len(m.rules) == 0 {
		m.set, m.remove = changes(there, own)
		return &m
	}
	if there[proxyConfig].present && result[proxyConfig].present && sameConfig(there[proxyConfig].text, result[proxyConfig].text) {
		result[proxyConfig].text = there[proxyConfig].text // as it was written at first
	}
	m.mesh = w.meshObjects(blocked)
	m.hash = w.touched(result).hash()
	m.configSize = config.size
	m.copies = len(ports.text) + len(ranges.text) + configCopies*config.size
	r := newRecord(m.rules, m.hash)
	for _, part := range [...]*written{&ports, &ranges, &config} {
		if part.remember != nil {
			part.remember(&r)
		}
	}
	if own[keepalive].present {
		r.Was[recordKeepalive] = own[keepalive].text
	}
	r.fit()
	result[applied] = r.value()
	m.set, m.remove = changes(there, result)
	return &m
}

func mergePorts(own value, w *want, defaults []uint16) written {
	r := written{value: own}
	if w.targets&targetPorts == 0 {
		return r
	}
	if err := mergeList(&r, recordPorts, defaults, w.ports, istio.ParsePorts, istio.UnionPorts, istio.FormatPorts); err != nil {
		r.blocked, r.rejected = targetPorts, true
		r.warn(rules.WarnPortsLeftAlone, "Istio will deny this pod, excludeOutboundPorts: ", err.Error(), "")
	}
	return r
}

func mergeRanges(own value, w *want, defaults []netip.Prefix) written {
	r := written{value: own}
	if w.targets&targetPrefixes == 0 {
		return r
	}
	if err := mergeList(&r, recordRanges, defaults, w.prefixes, istio.ParsePrefixes, istio.UnionPrefixes, istio.FormatPrefixes); err != nil {
		r.blocked, r.rejected = targetPrefixes, true
		r.warn(rules.WarnPrefixesLeftAlone, "Istio will deny this pod, excludeOutboundIPRanges: ", err.Error(), "")
	}
	return r
}

// mergeList adds what is wanted to the pod's own list, or to the mesh's where
// the pod has none. A list that has it all stays as it is written, and so does
// one that Istio rejects.
func mergeList[T any](r *written, name string, defaults, wanted []T, parse func(string) ([]T, error),
	unite func(base, add []T) ([]T, bool), format func([]T) string,
) error {
	own, items := r.value, []T(nil)
	base := defaults
	if own.present {
		var err error
		if items, err = parse(own.text); err != nil {
			return err
		}
		base = items
	}
	union, grew := unite(base, wanted)
	if !grew {
		return nil
	}
	r.value = value{format(union), true}
	r.remember = func(to *record) {
		items, _ = unite(items, nil)
		to.wroteList(name, own, format(items), r.text)
	}
	return nil
}

// mergeKeepalive records the keepalive that the ProxyConfig has.
func mergeKeepalive(own value, w *want, blocked targets) value {
	switch {
	case blocked&targetKeepalive != 0:
		return own
	case w.targets&targetKeepalive != 0:
		return value{w.keepalive.String(), true}
	}
	return value{}
}

// touched are the values without lists that no rule asks for: with istio-cni the
// injector adds the installation's own, and they are not part of an outcome.
// Source:
// https://github.com/istio/istio/blob/eed52ebb66ad/manifests/charts/istio-control/istio-discovery/files/injection-template.yaml
func (w *want) touched(v values) *values {
	if w.targets&targetPorts == 0 {
		v[excludedPorts] = value{}
	}
	if w.targets&targetPrefixes == 0 {
		v[excludedRanges] = value{}
	}
	return &v
}

// whyLeftAlone says why no rule could be put in force.
func (m *merged) whyLeftAlone() string {
	var keys []string
	if m.rejected&targetsInProxyConfig != 0 {
		keys = append(keys, managed[proxyConfig])
	}
	if m.rejected&targetPrefixes != 0 {
		keys = append(keys, managed[excludedRanges])
	}
	if m.rejected&targetPorts != 0 {
		keys = append(keys, managed[excludedPorts])
	}
	if keys == nil {
		return "the pod's own " + managed[proxyConfig] + " has no safe edit, see the warning"
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
