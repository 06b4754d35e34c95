package scenario

import (
	"time"

	"github.com/holdfast-mesh/holdfast/test/lab/report"
)

// gatewayScenarios: the same middlebox between a gateway and its clients.
func gatewayScenarios() []Scenario {
	const length = 20 * time.Second
	client := func(w Want) []Client {
		return []Client{to(PodHost, RedisPort, idle("from outside", Inside, length, w))}
	}
	return []Scenario{
		{
			Name: "gateway-alone", Title: "gateway, no mesh object", Group: report.Middlebox, Forgets: forgets,
			Ingress: true, Gateway: gatewayKeepalive, Without: true, Fault: "KeepaliveMissing", Own: longIdle, Objects: redisGateway("gateway-alone"),
			Clients: client(noAnswer()),
		},
		{
			Name: "gateway-keepalive", Title: "gateway, keepalive", Group: report.Middlebox, Forgets: forgets,
			Ingress: true, Gateway: gatewayKeepalive, Own: longIdle, Objects: redisGateway("gateway-keepalive"), Probed: true,
			Clients: client(lives()),
		},
	}
}

// throughGateway: TCP connections through a gateway meet what those through a sidecar meet. Its
// own pod has to say otherwise.
func throughGateway(group string, s Scenario, clients ...Client) Scenario {
	s.Title, s.Group, s.Ingress, s.Objects = "gateway, "+s.Title, group, true, redisGateway(s.Name)
	for _, c := range clients {
		s.Clients = append(s.Clients, to(PodHost, RedisPort, c))
	}
	return s
}

func gatewayIdleScenarios() []Scenario {
	client := func(w Want) Client { return idle("from outside", Inside, 25*time.Second, w) }
	return []Scenario{
		throughGateway(report.Idle, Scenario{Name: "gateway-idle", Title: "no entry"}, client(cutWhenIdle(MeshIdle))),
		throughGateway(report.Idle, Scenario{Name: "gateway-timeout", Title: "idleTimeout", Gateway: gatewayTimeout, Annotated: withIdleTimeout}, client(lives())),
	}
}

func gatewayChangeScenarios() []Scenario {
	client := func(w Want) Client { return busy("from outside", Inside, 65*time.Second, w) }
	return []Scenario{
		throughGateway(report.Change, Scenario{Name: "gateway-change", Title: "no entry", Change: AccessLogs}, client(cutByChange(IstioDrain))),
		throughGateway(report.Change, Scenario{Name: "gateway-drain", Title: "drainDuration", Change: AccessLogs, Gateway: gatewayDrain, Annotated: withDrainDuration}, client(lives())),
	}
}

// gatewayStopScenarios: the gateway's pod is deleted, as in a rollout. Its clients are not asked
// to end, and know nothing of it.
func gatewayStopScenarios() []Scenario {
	open := func(w Want) Client { return busy("in use", Inside, 25*time.Second, w) }
	return []Scenario{
		throughGateway(report.Stop, Scenario{Name: "gateway-stop", Title: "no entry", Stops: true, Ends: endsAfter(istioTermination)},
			open(cutByEnd(istioTermination)), opensLate(refused())),
		throughGateway(report.Stop, Scenario{Name: "gateway-stops-last", Title: "stopsLast", Stops: true, Gateway: gatewayStopsLast, Annotated: withStopsLast, Ends: endsWithLast()},
			open(lives()), opensLate(lives())),
	}
}
