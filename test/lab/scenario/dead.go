package scenario

import (
	"time"

	"github.com/holdfast-mesh/holdfast/test/lab/probe"
	"github.com/holdfast-mesh/holdfast/test/lab/report"
)

// deadScenarios: the servers die without a word, while nothing is asked of them.
func deadScenarios() []Scenario {
	const length = 32 * time.Second
	probing := func(w Want) Client { return keepalive("keepalive 5 s", Inside, length, w) }
	noticed := notices(report.TimedOut, probeEvery, probe.Probes)
	return []Scenario{
		{
			Name: "dead-no-sidecar", Title: "no sidecar", Group: report.Dead, NoSidecar: true, Dies: true,
			Clients: []Client{idle("no keepalive", Inside, length, hangs()), probing(noticed)},
		},
		{
			// The idle timer's good side.
			Name: "dead-sidecar", Title: "sidecar, no rule", Group: report.Dead, Dies: true,
			Clients: []Client{probing(cutWhenIdle(MeshIdle))},
		},
		{
			Name: "dead-timeout", Title: "idleTimeout: 48h", Group: report.Dead, Dies: true,
			Rule: idleTimeout, Annotated: withIdleTimeout,
			Clients: []Client{probing(hangs())},
		},
		{
			Name: "dead-bypass", Title: "bypass: Ports", Group: report.Dead, Dies: true,
			Rule: bypassPorts, Annotated: withPorts,
			Clients: []Client{probing(noticed)},
		},
		{
			// The sidecar's own probes; the application sets none.
			Name: "dead-keepalive", Title: "idleTimeout, keepalive", Group: report.Dead, Dies: true,
			Rule: keepaliveRule, Annotated: withKeepalive, Probed: true,
			Clients: []Client{idle("no keepalive", Inside, length, notices(report.Closed, probeEvery, 3))},
		},
	}
}
