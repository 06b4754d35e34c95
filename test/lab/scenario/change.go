package scenario

import (
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
