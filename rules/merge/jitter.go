package merge

import (
	"fmt"
	"math"
	"time"

	"github.com/holdfast-mesh/holdfast/istio"
	"github.com/holdfast-mesh/holdfast/rules"
	"github.com/holdfast-mesh/holdfast/rules/annotations"
)

// uniteDrain takes a rule's drainDuration if it is the longest, with its jitter; of
// several that are, the widest.
func (w *want) uniteDrain(s *rules.Strategy) {
	switch d := *s.DrainDuration; {
	case d > w.drain:
		w.drain, w.drainJitter = d, s.DrainJitter
	case d == w.drain:
		w.drainJitter = max(w.drainJitter, s.DrainJitter)
	}
}

// drawDrain chooses the pod's own drainDuration, where rules have a jitter. What was
// chosen for it before stays: webhooks are called again. A template of many pods, which
// has no lot, gets none.
func (w *want) drawDrain(there *annotations.Values, lot float64) {
	if w.targets&Drain == 0 || w.drainJitter == 0 {
		return
	}
	low, high := w.drainRange()
	if drawn, from := there.Drawn(); from == w.drawnFrom() {
		d, err := time.ParseDuration(drawn)
		if seconds := int64(d / time.Second); err == nil && drawn == istio.FormatSeconds(d) && low <= seconds && seconds <= high {
			w.drainDrawn = drawn
			return
		}
	}
	if lot != 0 {
		seconds := low + min(int64(lot*float64(high-low+1)), high-low)
		w.drainDrawn = istio.FormatSeconds(time.Duration(seconds) * time.Second)
	}
}

// drainRange is the shortest and the longest drainDuration that a pod may draw, in
// seconds. Envoy takes 32 bits.
func (w *want) drainRange() (low, high int64) {
	const percent = 100
	seconds, jitter := int64(w.drain/time.Second), int64(w.drainJitter)
	low = (seconds*(percent-jitter) + percent - 1) / percent
	return max(low, 1), min(seconds*(percent+jitter)/percent, math.MaxInt32)
}

// drawnFrom is Record.Drawn.
func (w *want) drawnFrom() string {
	return fmt.Sprintf("%s+-%d%%", istio.FormatSeconds(w.drain), w.drainJitter)
}

// notDrawn tells who patches a template that it has what its pods only vary.
func (w *want) notDrawn() rules.Warning {
	low, high := w.drainRange()
	return rules.NewWarning(rules.WarnDrainNotDrawn, "drainDuration is ", istio.FormatSeconds(w.drain),
		fmt.Sprintf(": each pod draws its own, %ds to %ds, when the webhook admits it", low, high))
}
