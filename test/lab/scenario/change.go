package scenario

import (
	"fmt"
	"regexp"
	"slices"
	"time"

	"github.com/holdfast-mesh/holdfast/test/lab/report"
)

// Changes: access logs are switched on for the pods' namespace, which changes every
// listener of their sidecars.
func changeScenarios() []Scenario {
	const length = 65 * time.Second
	all := func(w Want) []Client {
		return []Client{
			idle("idle", Inside, length, w), busy("busy", Inside, length, w),
			query("long query", Inside, length, w),
		}
	}
	return []Scenario{
		{
			Name: "change-sidecar", Title: "sidecar, no rule", Group: report.Change, Change: AccessLogs, Terminated: true,
			Clients: []Client{busy("busy", Inside, length, cutByChange(IstioDrain))},
		},
		{
			// Stands for a mesh as Istio comes, where the hour is still far away.
			Name: "change-stock", Title: "sidecar, timeout still 1 h", Group: report.Change, Change: AccessLogs,
			Own:     stockIdle,
			Clients: []Client{idle("idle", Inside, length, cutByChange(IstioDrain))},
		},
		{
			Name: "change-timeout", Title: "idleTimeout: 48h", Group: report.Change, Change: AccessLogs,
			Rule: idleTimeout, Annotated: withIdleTimeout,
			Clients: all(cutByChange(IstioDrain)),
		},
		{
			Name: "change-drain", Title: "idleTimeout, drainDuration", Group: report.Change, Change: AccessLogs, Terminated: true,
			Rule: drainDuration, Annotated: withDrainDuration,
			Clients: all(lives()),
		},
		{
			Name: "change-bypass", Title: "bypass: Ports", Group: report.Change, Change: AccessLogs,
			Rule: bypassPorts, Annotated: withPorts,
			Clients: all(lives()),
		},
	}
}

// jitter is how far, in percent, the pods of jitterScenarios may be from their rule's duration.
const jitter = 50

// jitterScenarios: pods whose rules say the same. One change reaches all of them at one moment;
// each ends its connections at its own time.
func jitterScenarios() []Scenario {
	var list []Scenario
	for i := range 6 {
		list = append(list, Scenario{
			Name: fmt.Sprintf("jitter-%d", i+1), Title: "drainDuration, drainJitter", Group: report.Change, Change: AccessLogs,
			Rule: jitteredDrain, Annotated: withJitteredDrain, Drain: jitteredDrainDuration, Jitter: jitter,
			Clients: []Client{busy("busy", Inside, 45*time.Second, cutByChange(jitteredDrainDuration))},
		})
	}
	return list
}

// drawnDuration finds what a pod's annotation says, whoever has chosen it.
var drawnDuration = regexp.MustCompile(`drainDuration: "(\d+s)"`)

// Drawn takes a pod's own drain duration from its annotation proxy.istio.io/config: from then
// on it is what the pod's clients must see. Pods without Jitter keep what the table says.
func (s *Scenario) Drawn(annotation string) error {
	if s.Jitter == 0 {
		return nil
	}
	found := drawnDuration.FindStringSubmatch(annotation)
	if found == nil {
		return fmt.Errorf("scenario %s: got annotation %q, want a drainDuration in it", s.Name, annotation)
	}
	drawn, err := time.ParseDuration(found[1])
	if err != nil {
		return err
	}
	if off := (drawn - s.Drain).Abs(); off*100 > s.Drain*time.Duration(s.Jitter) {
		return fmt.Errorf("scenario %s: got drainDuration %s, want %s within %d %%", s.Name, drawn, s.Drain, s.Jitter)
	}
	s.Drain, s.Clients = drawn, slices.Clone(s.Clients)
	for i := range s.Clients {
		s.Clients[i].Want = cutByChange(drawn)
	}
	return nil
}

// Spread returns what is not so of pods with Jitter, or "": their own durations differ.
func Spread(all []Scenario) string {
	var drawn []time.Duration
	for _, s := range all {
		if s.Jitter > 0 {
			drawn = append(drawn, s.Drain)
		}
	}
	if len(drawn) < 2 {
		return ""
	}
	if apart := slices.Max(drawn) - slices.Min(drawn); apart < leastSpread {
		return fmt.Sprintf("drain durations of %d pods: got %v, within %s, want them apart", len(drawn), drawn, apart)
	}
	return ""
}

// leastSpread of six durations drawn from 21 whole seconds: all within one second of each other happens
// once in 60,000 runs.
const leastSpread = 2 * time.Second
