package decide

import (
	"fmt"

	"github.com/holdfast-mesh/holdfast/rules"
)

// maxWarnings keeps the answer to an API server readable.
const maxWarnings = 10

// warnings collects what a pod's author should know.
type warnings struct {
	list []rules.Warning
	more int
}

// add makes a warning as rules.NewWarning does.
func (w *warnings) add(code rules.WarningCode, head, variable, tail string) {
	w.take(rules.NewWarning(code, head, variable, tail))
}

// take adds a warning, or counts it if there are enough.
func (w *warnings) take(warning rules.Warning) {
	if len(w.list) == maxWarnings {
		w.more++
		return
	}
	w.list = append(w.list, warning)
}

// takeAll adds the warnings of another list.
func (w *warnings) takeAll(other *warnings) {
	for _, warning := range other.list {
		w.take(warning)
	}
	w.more += other.more
}

// all returns the warnings, with a last one that counts those left out.
func (w *warnings) all() []rules.Warning {
	if w.more == 0 {
		return w.list
	}
	return append(w.list, rules.Warning{Code: rules.WarnMore, Message: fmt.Sprintf("%d more warnings about this pod are not shown", w.more)})
}
