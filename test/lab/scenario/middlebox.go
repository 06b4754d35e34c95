package scenario

import (
	"time"

	"github.com/holdfast-mesh/holdfast/test/lab/report"
)

// middleboxScenarios: something on the way forgets a connection that was idle for 15 s.
func middleboxScenarios() []Scenario {
	const length = 20 * time.Second
	clients := func(kept Want) []Client {
		return []Client{
			idle("no keepalive", Inside, length, noAnswer()),
			keepalive("keepalive 5 s", Inside, length, kept),
		}
	}
	return []Scenario{
		{
			Name: "box-no-sidecar", Title: "no sidecar", Group: report.Middlebox, NoSidecar: true, Forgets: forgets,
			Clients: clients(lives()),
		},
		{
			// The application's probes end at the sidecar, which sends none of its own.
			Name: "box-sidecar", Title: "idleTimeout: 48h", Group: report.Middlebox, Forgets: forgets,
			Rule: idleTimeout, Annotated: withIdleTimeout,
			Clients: clients(noAnswer()),
		},
		{
			Name: "box-bypass", Title: "bypass: Ports", Group: report.Middlebox, Forgets: forgets,
			Rule: bypassPorts, Annotated: withPorts,
			Clients: clients(lives()),
		},
		{
			Name: "box-keepalive", Title: "idleTimeout, keepalive", Group: report.Middlebox, Forgets: forgets,
			Rule: keepaliveRule, Annotated: withKeepalive, Probed: true,
			Clients: []Client{idle("no keepalive", Inside, length, lives())},
		},
		{
			// The pod only asks for it: what answers is an object in the mesh.
			Name: "box-keepalive-alone", Title: "keepalive, no mesh object", Group: report.Middlebox, Forgets: forgets,
			Rule: keepaliveEvery(6), Without: true, Fault: "KeepaliveMissing", Annotated: withKeepaliveEvery(6),
			Clients: []Client{idle("no keepalive", Inside, length, noAnswer())},
		},
	}
}
