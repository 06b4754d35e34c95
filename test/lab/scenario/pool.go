package scenario

import (
	"time"

	"github.com/holdfast-mesh/holdfast/test/lab/report"
)

// poolScenarios: Client libraries with their default settings, one request after each idle period.
func poolScenarios() []Scenario {
	const (
		overIdle    = 12 * time.Second // longer than the mesh's idle timeout
		overForgets = 25 * time.Second // longer than the middlebox remembers
	)
	return []Scenario{
		{
			Name: "pool-sidecar", Title: "sidecar, no rule", Group: report.Pool,
			Clients: pools(overIdle, 4*overIdle, loses(4, 0), loses(2, 2), loses(4, 0), loses(2, 2)),
		},
		{
			Name: "pool-timeout", Title: "idleTimeout: 48h", Group: report.Pool,
			Rule: idleTimeout, Annotated: withIdleTimeout,
			Clients: pools(overIdle, 4*overIdle, lives(), lives(), lives(), lives()),
		},
		{
			Name: "pool-bypass", Title: "bypass: Ports", Group: report.Pool,
			Rule: bypassPorts, Annotated: withPorts,
			Clients: pools(overIdle, 4*overIdle, lives(), lives(), lives(), lives()),
		},
		{
			Name: "pool-change", Title: "sidecar, no rule", Group: report.Pool, Change: AccessLogs,
			Clients: pools(time.Second, 66*time.Second, losesBusy(1), loses(1, 1), losesBusy(1), loses(1, 1)),
		},
		{
			Name: "pool-change-drain", Title: "idleTimeout, drainDuration", Group: report.Pool, Change: AccessLogs,
			Rule: drainDuration, Annotated: withDrainDuration,
			Clients: pools(time.Second, 66*time.Second, lives(), lives(), lives(), lives()),
		},
		{
			Name: "pool-box-no-sidecar", Title: "no sidecar", Group: report.Pool, NoSidecar: true, Forgets: forgetsPools,
			Clients: pools(overForgets, 2*overForgets, lives(), lives(), loses(1, 0), lives()),
		},
		{
			Name: "pool-box-sidecar", Title: "idleTimeout: 48h", Group: report.Pool, Forgets: forgetsPools,
			Rule: idleTimeout, Annotated: withIdleTimeout,
			Clients: pools(overForgets, 2*overForgets, loses(1, 1), loses(1, 1), loses(1, 0), loses(1, 1)),
		},
		{
			Name: "pool-box-bypass", Title: "bypass: Ports", Group: report.Pool, Forgets: forgetsPools,
			Rule: bypassPorts, Annotated: withPorts,
			Clients: pools(overForgets, 2*overForgets, lives(), lives(), loses(1, 0), lives()),
		},
		{
			Name: "pool-box-keepalive", Title: "idleTimeout, keepalive", Group: report.Pool, Forgets: forgetsPools,
			Rule: keepaliveRule, Annotated: withKeepalive, Probed: true,
			Clients: pools(overForgets, 2*overForgets, lives(), lives(), lives(), lives()),
		},
	}
}
