package verify

import (
	"fmt"
	"maps"
	"slices"

	"github.com/holdfast-mesh/holdfast/internal/clip"
	"github.com/holdfast-mesh/holdfast/internal/distinct"
)

// updates looks for listeners that Envoy refused: it keeps what it had, so that
// neither a change for the better nor one for the worse is in force.
func (c *checker) updates() {
	if c.Dump.Listeners == nil {
		c.add(Finding{Aspect: Updates, Status: NotSeen, Detail: "the dump has no listeners"})
		return
	}
	byReason := map[string][]string{}
	last := map[string]string{}
	for _, r := range c.Dump.Rejected {
		byReason[r.Details] = append(byReason[r.Details], r.Listener)
		last[r.Details] = max(last[r.Details], r.Time)
	}
	for _, reason := range slices.Sorted(maps.Keys(byReason)) {
		where := distinct.Of(byReason[reason]) // Envoy notes some of them twice
		c.add(Finding{
			Aspect: Updates, Status: NotInForce, Code: UpdateRejected, Where: where,
			Detail: fmt.Sprintf("Envoy refused %d listeners, last at %s, and keeps what it had before: %s", len(where), last[reason], clip.OneLine(clip.Text(reason, 500))),
			Fix:    "find the EnvoyFilter or the resource that the words above speak of, and correct it; until then no change reaches these listeners, and a new pod may never become ready",
		})
	}
	if len(byReason) == 0 {
		c.add(Finding{Aspect: Updates, Status: InForce, Detail: "Envoy refused no listener"})
	}
}
