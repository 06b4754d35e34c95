package scenario

import (
	"time"

	"github.com/holdfast-mesh/holdfast/test/lab/report"
)

// idleScenarios: a connection without traffic, against the sidecar's idle timer.
func idleScenarios() []Scenario {
	const length = 25 * time.Second
	return []Scenario{
		{
			Name: "idle-no-sidecar", Title: "no sidecar", Group: report.Idle, NoSidecar: true,
			Clients: []Client{idle("redis", Inside, length, lives())},
		},
		{
			Name: "idle-sidecar", Title: "sidecar, no rule", Group: report.Idle,
			Clients: []Client{idle("redis", Inside, length, cutWhenIdle(MeshIdle))},
		},
		{
			Name: "idle-timeout", Title: "idleTimeout: 48h", Group: report.Idle,
			Rule: idleTimeout, Annotated: withIdleTimeout,
			Clients: []Client{idle("redis", Inside, length, lives())},
		},
		{
			Name: "idle-bypass-ports", Title: "bypass: Ports", Group: report.Idle,
			Rule: bypassPorts, Annotated: withPorts,
			Clients: []Client{idle("redis", Inside, length, lives())},
		},
		{
			Name: "idle-bypass-cidrs", Title: "bypass: CIDRs", Group: report.Idle,
			Rule: bypassCIDRs, Annotated: withCIDRs,
			Clients: []Client{
				idle("inside the CIDR", Inside, length, lives()),
				idle("outside the CIDR", Outside, length, cutWhenIdle(MeshIdle)),
			},
		},
	}
}
