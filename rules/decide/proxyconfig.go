package decide

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/holdfast-mesh/holdfast/internal/clip"
	"github.com/holdfast-mesh/holdfast/istio"
	"github.com/holdfast-mesh/holdfast/istio/proxyconfig"
	"github.com/holdfast-mesh/holdfast/rules"
	"github.com/holdfast-mesh/holdfast/rules/annotations"
)

// mergeProxyConfig makes the keys that belong to holdfast exactly what the
// rules want, and adds what the pod's author has not decided.
func mergeProxyConfig(own annotations.Value, w *want) written {
	r := written{Value: own}
	wants := w.targets & targetsInProxyConfig
	if wants == 0 && !strings.Contains(own.Text, istio.HoldfastMetadataPrefix) {
		r.size = unparsedSize(own.Text)
		return r
	}
	leaveAlone := func(code rules.WarningCode, head string, err error) written {
		r.blocked, r.rejected, r.size = targetsInProxyConfig, code == rules.WarnProxyConfigLeftAlone, len(own.Text)
		if wants != 0 { // else no rule needs it
			r.warn(code, head, err.Error(), "")
		}
		return r
	}
	const noSafeEdit = "proxy.istio.io/config left alone, no safe edit: "
	config, err := proxyconfig.Parse(own.Text)
	switch {
	case errors.Is(err, proxyconfig.ErrTooMuch):
		return leaveAlone(rules.WarnProxyConfigNotEditable, noSafeEdit, err)
	case err != nil:
		return leaveAlone(rules.WarnProxyConfigLeftAlone, "Istio will deny this pod, proxy.istio.io/config: ", err)
	}
	edit, replaced, notes := w.edit(config)
	r.notes = notes
	text, err := config.Edit(edit)
	if err != nil {
		return leaveAlone(rules.WarnProxyConfigNotEditable, noSafeEdit, err)
	}
	r.size = config.Size(edit)
	if text != own.Text {
		r.Value = annotations.Value{Text: text, Present: true}
		r.remember = func(to *annotations.Record) { to.WroteConfig(own, config, edit) }
	}
	if replaced != nil {
		r.warn(rules.WarnIdleTimeoutReplaced, "Istio ignores "+istio.IdleTimeoutMetadata+` "`, *replaced,
			`"; replaced by `+istio.FormatDuration(w.idleTimeout)+", mend it in the pod")
	}
	return r
}

// edit works out the change of a ProxyConfig. replaced is an own idle timeout
// that Istio ignores, nil for none; notes are own settings that win.
func (w *want) edit(config *proxyconfig.Config) (edit proxyconfig.Edit, replaced *string, notes []string) {
	set := map[string]string{}
	if w.targets&targetIdleTimeout != 0 {
		own, ok := config.Metadata(istio.IdleTimeoutMetadata)
		_, err := istio.ParseIdleTimeout(own)
		if ok && err == nil {
			notes = note(notes, istio.IdleTimeoutMetadata, own, istio.FormatDuration(w.idleTimeout))
		} else {
			set[istio.IdleTimeoutMetadata] = istio.FormatDuration(w.idleTimeout)
			if ok { // an empty one too
				replaced = &own
			}
		}
	}
	if w.targets&targetDestinations != 0 {
		set[istio.HoldfastMetadata] = istio.HoldfastVersion
		for i, pattern := range w.patterns {
			set[istio.DestinationsMetadataPrefix+strconv.Itoa(i+1)] = pattern
		}
		set[istio.DestinationsIdleTimeoutMetadata] = milliseconds(w.destinationIdle)
	}
	if w.targets&targetKeepalive != 0 {
		set[istio.KeepaliveMetadata] = w.keepalive.String()
	}
	if w.targets&targetDrain != 0 {
		text := istio.FormatSeconds(w.drain)
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

// milliseconds writes an idle timeout for connections to destinations.
func milliseconds(d time.Duration) string {
	if d == 0 {
		return istio.NoTimeoutMilliseconds
	}
	return strconv.FormatInt(d.Milliseconds(), 10)
}

// note adds that the pod's own value won, if it says something else.
func note(notes []string, key, own, wanted string) []string {
	if own == wanted {
		return notes
	}
	const maxShown = 64 // bytes
	return append(notes, "the pod's own "+key+" "+clip.Middle(clip.OneLine(own), maxShown)+" wins over "+wanted)
}
