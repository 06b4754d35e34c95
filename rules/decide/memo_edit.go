package decide

import (
	"errors"
	"hash/maphash"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/holdfast-mesh/holdfast/istio/proxyconfig"
)

// editMemo remembers edits of ProxyConfig texts that pods bring along. All pods
// of a Deployment bring the same one, and to parse and to edit it takes longer
// than the rest of an admission. Like memo, it is a fixed number of slots with
// immutable entries. It holds results, because an proxyconfig.Config belongs to
// one goroutine.
type editMemo struct {
	seed  maphash.Seed // of its own, so that nobody can aim texts at one slot
	slots [256]atomic.Pointer[editEntry]
}

// editEntry is what the rules make of one text. Its strings share no memory
// with the pod that it was made for.
type editEntry struct {
	rules []int32
	own   string
	edited
}

// edited is the outcome of an edit, the same for all pods with one text.
type edited struct {
	text     string
	replaced string // an own idle timeout that Istio ignores
	notes    []string
	err      error
	rejected bool // err is Istio's
}

// maxMemoEdit is the most bytes of text that an entry holds: 256 of them stay
// under 2 MiB. A longer text is edited each time.
const maxMemoEdit = 8 << 10

// editedProxyConfig is the annotation as the rules want it. The result may not
// be changed.
func (w *writing) editedProxyConfig() edited {
	own := w.proxyConfig.own
	if own == "" {
		return edited{text: w.fresh.proxyConfig, err: w.fresh.err}
	}
	rules := w.wanted.rules
	if len(rules) > maxMemoRules || len(own) > maxMemoEdit {
		return w.editText(own)
	}
	slot := w.set.edits.slot(own, rules)
	if e := slot.Load(); e != nil && e.own == own && slices.Equal(e.rules, rules) {
		return e.edited
	}
	e := &editEntry{rules: rules, own: strings.Clone(own)}
	e.edited = w.editText(e.own)
	if e.err != nil {
		// An error may hold the whole tree that it speaks of.
		e.err = errors.New(e.err.Error())
	}
	if e.size() <= maxMemoEdit {
		slot.Store(e)
	}
	return e.edited
}

// slot is where the edit of a text by these rules is kept, if at all.
func (m *editMemo) slot(own string, rules []int32) *atomic.Pointer[editEntry] {
	hash := maphash.String(m.seed, own)
	for _, i := range rules {
		hash = (hash ^ uint64(i)) * 1099511628211 // FNV-1a, a word at a time
	}
	return &m.slots[(hash^hash>>32)%uint64(len(m.slots))]
}

// size is how many bytes of text the entry keeps alive.
func (e *editEntry) size() int {
	n := len(e.own)
	if e.text != e.own {
		n += len(e.text)
	}
	for _, note := range e.notes {
		n += len(note)
	}
	if e.err != nil {
		n += len(e.err.Error())
	}
	return n
}

// editText parses and edits a text, without the memo.
func (w *writing) editText(own string) edited {
	config, err := proxyconfig.Parse(own)
	if err != nil {
		return edited{err: err, rejected: true}
	}
	edit, replaced, notes := w.edit(config)
	text, err := config.Edit(edit)
	if text == own {
		text = own // one copy
	}
	return edited{text: text, replaced: replaced, notes: notes, err: err}
}
