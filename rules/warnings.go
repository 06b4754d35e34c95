package rules

import (
	"fmt"
	"slices"
)

// maxWarnings keeps the answer to an API server readable.
const maxWarnings = 10

// Warnings collects what a pod's author should know.
type Warnings struct {
	list []Warning
	more int
}

// Add makes a warning as NewWarning does.
func (w *Warnings) Add(code WarningCode, head, variable, tail string) {
	w.Take(NewWarning(code, head, variable, tail))
}

// Take adds a warning, or counts it if there are enough.
func (w *Warnings) Take(warning Warning) {
	if len(w.list) == maxWarnings {
		w.more++
		return
	}
	w.list = append(w.list, warning)
}

// TakeAll adds the warnings of another list.
func (w *Warnings) TakeAll(other *Warnings) {
	for _, warning := range other.list {
		w.Take(warning)
	}
	w.more += other.more
}

// All returns the warnings, with a last one that counts those left out.
func (w *Warnings) All() []Warning {
	if w.more == 0 {
		return w.list
	}
	return append(slices.Clip(w.list), Warning{Code: WarnMore, Message: fmt.Sprintf("%d more warnings about this pod are not shown", w.more)})
}
