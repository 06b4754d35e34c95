package decide

import (
	"slices"
	"strconv"
	"strings"

	"github.com/holdfast-mesh/holdfast/istio"
	"github.com/holdfast-mesh/holdfast/istio/proxyconfig"
	"github.com/holdfast-mesh/holdfast/rules"
)

// writing turns what rules want into edits of one pod's annotations.
type writing struct {
	set    *Set
	pod    *rules.Pod
	wanted *wanted
	fresh  *memoEntry
	warn   *warnings

	// blocked are targets that the pod's own annotation makes unusable.
	blocked targets
	notes   []string // own settings that win over rules, for Outcome.Detail

	keepalive, proxyConfig, prefixes, ports change
}

// change is what becomes of one annotation.
type change struct {
	key      string
	own      string // as it stands on the pod
	has      bool   // on the pod
	value    string // as it is to be
	wants    bool   // an annotation with that value
	modified bool
}

func (w *writing) current(key string) change {
	own, has := w.pod.Annotations[key]
	return change{key: key, own: own, has: has, value: own, wants: has}
}

func (c *change) put(value string) {
	c.value, c.wants = value, true
	c.modified = !c.has || c.own != value
}

func (c *change) drop() {
	c.value, c.wants, c.modified = "", false, c.has
}

// write works out every annotation that holdfast manages.
func (w *writing) write() {
	w.ports = w.current(istio.ExcludeOutboundPortsAnnotation)
	w.prefixes = w.current(istio.ExcludeOutboundIPRangesAnnotation)
	w.proxyConfig = w.current(istio.ProxyConfigAnnotation)
	w.keepalive = w.current(rules.KeepaliveAnnotation)
	if w.wanted.targets&targetPorts != 0 {
		w.writePorts()
	}
	if w.wanted.targets&targetPrefixes != 0 {
		w.writePrefixes()
	}
	w.writeProxyConfig()
	for _, i := range w.wanted.leftOut {
		w.warn.add(rules.WarnTooManyDestinations, "rule ", w.set.rules[i].Name,
			" left out: over "+strconv.Itoa(istio.MaxDestinationKeys)+" destination patterns match this pod; give it fewer CIDRs or ports")
	}
}

// defaults is what Istio was installed with.
func (w *writing) defaults() rules.MeshDefaults {
	if w.pod.Mesh != nil {
		return *w.pod.Mesh
	}
	mesh := &w.set.file.Mesh
	return rules.MeshDefaults{ExcludeOutboundPorts: mesh.ExcludeOutboundPorts, ExcludeOutboundIPRanges: mesh.ExcludeOutboundIPRanges}
}

func (w *writing) writePorts() {
	base := w.defaults().ExcludeOutboundPorts
	if w.ports.has {
		var err error
		if base, err = istio.ParsePorts(w.ports.own); err != nil {
			w.blocked |= targetPorts
			w.warn.add(rules.WarnPortsLeftAlone, "excludeOutboundPorts left alone, Istio rejects it: ", err.Error(), "")
			return
		}
	}
	if union, grew := istio.UnionPorts(base, w.wanted.ports); grew {
		w.ports.put(istio.FormatPorts(union))
	}
}

func (w *writing) writePrefixes() {
	base := w.defaults().ExcludeOutboundIPRanges
	if w.prefixes.has {
		var err error
		if base, err = istio.ParsePrefixes(w.prefixes.own); err != nil {
			w.blocked |= targetPrefixes
			w.warn.add(rules.WarnPrefixesLeftAlone, "excludeOutboundIPRanges left alone, Istio rejects it: ", err.Error(), "")
			return
		}
	}
	if union, grew := istio.UnionPrefixes(base, w.wanted.prefixes); grew {
		w.prefixes.put(istio.FormatPrefixes(union))
	}
}

// writeProxyConfig makes the keys that belong to holdfast exactly what the
// rules want, and adds what the pod's author has not decided.
func (w *writing) writeProxyConfig() {
	wants := w.wanted.targets & targetsInProxyConfig
	if wants == 0 && !strings.Contains(w.proxyConfig.own, istio.HoldfastMetadataPrefix) {
		w.keepalive.drop()
		return
	}
	e := w.editedProxyConfig()
	w.notes = append(w.notes, e.notes...)
	if e.err != nil {
		w.blocked |= targetsInProxyConfig
		switch {
		case wants == 0: // no rule needed it
		case e.rejected:
			w.warn.add(rules.WarnProxyConfigLeftAlone, "proxy.istio.io/config left alone, Istio rejects it: ", e.err.Error(), "")
		default:
			w.warn.add(rules.WarnProxyConfigNotEditable, "proxy.istio.io/config left alone, no safe edit: ", e.err.Error(), "")
		}
		return
	}
	if e.text != w.proxyConfig.own {
		w.proxyConfig.put(e.text)
	}
	if e.replaced != "" {
		w.warn.add(rules.WarnIdleTimeoutReplaced, "Istio ignores "+istio.IdleTimeoutMetadata+` "`, e.replaced,
			`"; replaced by `+istio.FormatDuration(w.wanted.idleTimeout)+", mend it in the pod")
	}
	if wants&targetKeepalive != 0 {
		w.keepalive.put(w.wanted.keepalive.String())
	} else {
		w.keepalive.drop()
	}
}

// edit works out the change of the pod's ProxyConfig. replaced is an own idle
// timeout that Istio ignores; notes are own settings that win. All of it depends
// on nothing but the config and the rules: editMemo keeps it.
func (w *writing) edit(config *proxyconfig.Config) (edit proxyconfig.Edit, replaced string, notes []string) {
	wanted := w.wanted
	set := make(map[string]string, 4+len(wanted.patterns))
	if wanted.targets&targetIdleTimeout != 0 {
		own, ok := config.Metadata(istio.IdleTimeoutMetadata)
		_, err := istio.ParseIdleTimeout(own)
		if ok && err == nil {
			notes = note(notes, istio.IdleTimeoutMetadata, own, istio.FormatDuration(wanted.idleTimeout))
		} else {
			set[istio.IdleTimeoutMetadata], replaced = istio.FormatDuration(wanted.idleTimeout), own
		}
	}
	if wanted.targets&targetDestinations != 0 {
		set[istio.HoldfastMetadata] = istio.HoldfastVersion
		for i, pattern := range wanted.patterns {
			set[destinationKeys[i]] = pattern
		}
		set[istio.DestinationsIdleTimeoutMetadata] = milliseconds(wanted.destinationIdle)
	}
	if wanted.targets&targetKeepalive != 0 {
		set[istio.KeepaliveMetadata] = wanted.keepalive.String()
	}
	if wanted.targets&targetDrain != 0 {
		text := istio.FormatSeconds(wanted.drain)
		if own, ok := config.DrainDuration(); ok {
			notes = note(notes, "drainDuration", own, text)
		} else {
			edit.DrainDuration = text
		}
	}
	for _, key := range config.MetadataKeys() {
		if _, ok := set[key]; !ok && strings.HasPrefix(key, istio.HoldfastMetadataPrefix) {
			edit.RemoveMetadata = append(edit.RemoveMetadata, key)
		}
	}
	edit.SetMetadata = set
	return edit, replaced, notes
}

// destinationKeys are the keys of patterns, so that they need no formatting.
var destinationKeys = [istio.MaxDestinationKeys]string{
	istio.DestinationsMetadataPrefix + "1", istio.DestinationsMetadataPrefix + "2",
	istio.DestinationsMetadataPrefix + "3", istio.DestinationsMetadataPrefix + "4",
	istio.DestinationsMetadataPrefix + "5", istio.DestinationsMetadataPrefix + "6",
	istio.DestinationsMetadataPrefix + "7", istio.DestinationsMetadataPrefix + "8",
}

// note adds that the pod's own value won, if it says something else.
func note(notes []string, key, own, asked string) []string {
	if own == asked {
		return notes
	}
	return append(notes, "the pod's own "+key+" "+rules.Shorten(rules.OneLine(own), 64)+" wins over "+asked)
}

// inForce names the rules of which something is in force on the pod.
func (w *writing) inForce() []string {
	names := make([]string, 0, len(w.wanted.rules))
	for _, i := range w.wanted.rules {
		c := &w.set.rules[i]
		rest := c.targets &^ w.blocked
		if slices.Contains(w.wanted.leftOut, i) {
			rest &^= targetDestinations
		}
		if rest != 0 {
			names = append(names, c.Name)
		}
	}
	return names
}
