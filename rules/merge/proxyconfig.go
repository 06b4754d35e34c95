package merge

import (
	"cmp"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/holdfast-mesh/holdfast/internal/clip"
	"github.com/holdfast-mesh/holdfast/internal/yamltext"
	"github.com/holdfast-mesh/holdfast/istio"
	"github.com/holdfast-mesh/holdfast/istio/proxyconfig"
	"github.com/holdfast-mesh/holdfast/rules"
	"github.com/holdfast-mesh/holdfast/rules/annotations"
)

// mergeProxyConfig makes the keys that belong to holdfast exactly what the
// rules want, and adds what the pod's author has not decided.
func mergeProxyConfig(own annotations.Value, w *want) written {
	r := written{Value: own}
	wants := w.targets & inProxyConfig
	if wants == 0 && !strings.Contains(own.Text, istio.HoldfastMetadataPrefix) {
		r.size = unparsedSize(own.Text)
		return r
	}
	leaveAlone := func(code rules.WarningCode, head string, err error) written {
		r.blocked, r.rejected, r.size = inProxyConfig, code == rules.WarnProxyConfigLeftAlone, len(own.Text)
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
	e := editing{config: config, edit: proxyconfig.Edit{SetMetadata: map[string]string{}, SetFields: map[proxyconfig.Field]string{}}}
	e.all(w)
	text, err := config.Edit(e.edit)
	if err != nil {
		return leaveAlone(rules.WarnProxyConfigNotEditable, noSafeEdit, err)
	}
	r.notes, r.overruled, r.size = e.notes, e.overruled, config.Size(e.edit)
	r.warnings = append(r.warnings, e.warnings...)
	if text != own.Text {
		r.Value = annotations.Value{Text: text, Present: true}
		r.remember = func(to *annotations.Record) {
			to.WroteConfig(own, config, e.edit)
			if w.drainDrawn != "" && e.edit.SetFields[proxyconfig.DrainDuration] == w.drainDrawn {
				to.Drawn = w.drawnFrom()
			}
		}
	}
	return r
}

// editing is a change of a ProxyConfig as it comes about, and what its author
// should know of it.
type editing struct {
	config    *proxyconfig.Config
	edit      proxyconfig.Edit
	notes     []string        // own settings that win
	overruled Targets         // by them, so that nothing of what is wanted is in force
	warnings  []rules.Warning // of own settings that Istio ignores, first of all
}

// all works out what rules want together.
func (e *editing) all(w *want) {
	set := e.edit.SetMetadata
	if w.targets&IdleTimeout != 0 {
		wanted := istio.FormatDuration(w.idleTimeout)
		_, valid := istio.ParseIdleTimeout(e.ownMetadata(istio.IdleTimeoutMetadata))
		e.metadata(istio.IdleTimeoutMetadata, wanted, valid == nil, rules.WarnIdleTimeoutReplaced)
	}
	if w.targets&Destinations != 0 {
		set[istio.HoldfastMetadata] = istio.HoldfastVersion
		for i, pattern := range w.patterns {
			set[istio.DestinationsMetadataPrefix+strconv.Itoa(i+1)] = pattern
		}
		set[istio.DestinationsIdleTimeoutMetadata] = milliseconds(w.destinationIdle)
	}
	if w.targets&Keepalive != 0 {
		set[istio.KeepaliveMetadata] = w.keepalive.String()
	}
	if w.targets&Drain != 0 {
		e.field(proxyconfig.DrainDuration, cmp.Or(w.drainDrawn, istio.FormatSeconds(w.drain)))
		if w.drainJitter > 0 && w.drainDrawn == "" && e.edit.SetFields[proxyconfig.DrainDuration] != "" {
			e.warnings = append(e.warnings, w.notDrawn())
		}
	}
	if w.targets&StartsFirst != 0 && !e.field(proxyconfig.HoldApplication, "true") {
		e.overruled |= StartsFirst
	}
	if w.targets&StopsLast != 0 {
		waits, err := strconv.ParseBool(e.ownMetadata(istio.ExitOnZeroMetadata)) // as pilot-agent reads it
		if !waits && !e.metadata(istio.ExitOnZeroMetadata, "true", err == nil, rules.WarnExitOnZeroReplaced) {
			e.overruled |= StopsLast
		}
	}
	for _, key := range e.config.MetadataKeys() {
		if _, ok := set[key]; !ok && strings.HasPrefix(key, istio.HoldfastMetadataPrefix) {
			e.edit.RemoveMetadata = append(e.edit.RemoveMetadata, key)
		}
	}
}

func (e *editing) ownMetadata(key string) string {
	own, _ := e.config.Metadata(key)
	return own
}

// metadata wants a value for a key of proxyMetadata. The author's own wins where it is
// valid; one that is not, an empty one too, means nothing to Istio and is replaced. It
// reports whether the author's, if there is one, says the same.
func (e *editing) metadata(key, wanted string, valid bool, replaced rules.WarningCode) bool {
	own, ok := e.config.Metadata(key)
	if ok && valid {
		return e.wins(key, own, wanted)
	}
	e.edit.SetMetadata[key] = wanted
	if ok {
		e.warnings = append(e.warnings, rules.NewWarning(replaced, "Istio ignores "+key+` "`, own, `"; replaced by `+wanted+", mend it in the pod"))
	}
	return true
}

// field wants a value for a field. The author's own wins; field reports whether it says
// the same, if there is one.
func (e *editing) field(f proxyconfig.Field, wanted string) bool {
	if own, ok := e.config.Field(f); ok {
		return e.wins(f.String(), own, wanted)
	}
	e.edit.SetFields[f] = wanted
	return true
}

// wins notes that the pod's own value wins, if it says something else.
func (e *editing) wins(key, own, wanted string) bool {
	if own == wanted {
		return true
	}
	const maxShown = 64 // bytes
	e.notes = append(e.notes, "the pod's own "+key+" "+clip.Middle(clip.OneLine(own), maxShown)+" wins over "+wanted)
	return false
}

// milliseconds writes an idle timeout for connections to destinations.
func milliseconds(d time.Duration) string {
	if d == 0 {
		return istio.NoTimeoutMilliseconds
	}
	return strconv.FormatInt(d.Milliseconds(), 10)
}

// unparsedSize is the size of a ProxyConfig that no rule asks to edit.
func unparsedSize(text string) int {
	if yamltext.MayAlias(text) { // it may stand for more than it holds
		if config, err := proxyconfig.Parse(text); err == nil {
			return config.Size(proxyconfig.Edit{})
		}
	}
	return len(text)
}
