package scenario

import (
	"time"

	"github.com/holdfast-mesh/holdfast/test/lab/report"
)

// shortDrain stands for Istio's 45 s where rules and mesh objects change, so that a cut shows
// soon, if there is one.
const shortDrain = 10 * time.Second

// edited is a scenario whose rules are deleted under the running pod, which keeps what it was
// admitted with.
func edited(name, title string, s Scenario) Scenario {
	s.Name, s.Title, s.Group, s.Change = name, title, report.Objects, RulesEdited
	if s.Own == nil {
		s.Own, s.Drain = drainsSoon, shortDrain
	}
	s.Clients = []Client{busy("busy", Inside, 25*time.Second, lives()), idle("idle", Inside, 25*time.Second, lives())}
	return s
}

func editScenarios() []Scenario {
	const gateway = "edit-gateway"
	behind := edited(gateway, "gateway, keepalive", Scenario{
		Ingress: true, Gateway: gatewayKeepalive, Objects: redisGateway(gateway), Probed: true, Own: longIdleDrainsSoon, Drain: shortDrain,
	})
	for i, c := range behind.Clients {
		behind.Clients[i] = to(PodHost, RedisPort, c)
	}
	return []Scenario{
		edited("edit-timeout", "idleTimeout: 48h", Scenario{Rule: idleTimeout, Annotated: withIdleTimeout}),
		edited("edit-keepalive", "idleTimeout, keepalive", Scenario{Rule: keepaliveRule, Annotated: withKeepalive, Probed: true}),
		edited("edit-bypass-ports", "bypass: Ports", Scenario{Rule: bypassPorts, Annotated: withPorts}),
		edited("edit-bypass-cidrs", "bypass: CIDRs", Scenario{Rule: bypassCIDRs, Annotated: withCIDRs}),
		behind,
		{
			// Its own drain is the strategy.
			Name: "edit-drain", Title: "idleTimeout, drainDuration", Group: report.Objects, Change: RulesEdited,
			Rule: drainDuration, Annotated: withDrainDuration,
			Clients: []Client{busy("busy", Inside, 60*time.Second, lives())},
		},
	}
}

// objectScenarios: mesh objects of one keepalive value or one gateway come and go while
// connections are open. Each scenario has a value of its own, and so an object of its own.
func objectScenarios() []Scenario {
	keepalive := func(name string, interval int, change Change, before, after Want) Scenario {
		return Scenario{
			Name: name, Title: "idleTimeout, keepalive", Group: report.Objects, Change: change, Forgets: forgets, Own: drainsSoon, Drain: shortDrain,
			Rule: keepaliveEvery(interval), Annotated: withKeepaliveEvery(interval),
			Clients: []Client{
				busy("busy", Inside, 25*time.Second, lives()),
				idle("opened before", Inside, 25*time.Second, before), late(idle("opened after", Inside, 20*time.Second, after)),
			},
		}
	}
	gateway := func(name string, change Change, after Want) Scenario {
		outside := func(c Client) Client { return to(PodHost, RedisPort, c) }
		return Scenario{
			Name: name, Title: "gateway, keepalive", Group: report.Objects, Change: change, Forgets: forgets, Own: longIdleDrainsSoon, Drain: shortDrain,
			Ingress: true, Gateway: gatewayKeepalive, Objects: redisGateway(name),
			Clients: []Client{
				outside(busy("busy", Inside, 35*time.Second, cutByChange(shortDrain))),
				outside(late(idle("opened after", Inside, 20*time.Second, after))),
			},
		}
	}
	// Open connections stay as they are, probed or not; the object decides about new ones.
	applied := keepalive("keepalive-applied", 7, ObjectsApplied, noAnswer(), lives())
	applied.Fault = "KeepaliveMissing"
	deleted := keepalive("keepalive-deleted", 8, ObjectsDeleted, lives(), noAnswer())
	deleted.Probed = true
	// The object changes the gateway's listener, which is replaced.
	gatewayApplied := gateway("gateway-applied", ObjectsApplied, lives())
	gatewayApplied.Fault = "KeepaliveMissing"
	gatewayDeleted := gateway("gateway-deleted", ObjectsDeleted, noAnswer())
	gatewayDeleted.Probed = true
	return []Scenario{
		applied, deleted, gatewayApplied, gatewayDeleted,
		bystander("others-of-value", "sidecar, no rule"),
	}
}

// bystander is a pod that no rule matches, while mesh objects of other pods change.
func bystander(name, title string) Scenario {
	return Scenario{
		Name: name, Title: title, Group: report.Objects, Change: OthersChange, Untouched: true, Own: longIdleDrainsSoon, Drain: shortDrain,
		Clients: []Client{busy("busy", Inside, 20*time.Second, lives())},
	}
}

// deletedScenarios: the object of scope: Destinations goes while pods carry its key.
func deletedScenarios() []Scenario {
	// It carries a key too, but another one.
	other := bystander("keepalive-others-deleted", "idleTimeout, keepalive")
	other.Rule, other.Annotated, other.Probed = keepaliveRule, withKeepalive, true
	return []Scenario{
		destinationsChange("destinations-deleted", ObjectsDeleted, cutWhenIdle(MeshIdle)),
		bystander("others-deleted", "sidecar, no rule"), other,
	}
}

// appliedScenarios: the object comes when pods carry its key already.
func appliedScenarios() []Scenario {
	applied := destinationsChange("destinations-applied", ObjectsApplied, lives())
	applied.Fault = "FilterMissing"
	return []Scenario{
		applied,
		bystander("others-applied", "sidecar, no rule"),
	}
}

func destinationsChange(name string, change Change, after Want) Scenario {
	return Scenario{
		Name: name, Title: "idleTimeout, Destinations", Group: report.Objects, Change: change, Own: drainsSoon, Drain: shortDrain,
		Rule: destinations, Annotated: withDestinations,
		Clients: []Client{
			busy("busy", Inside, 20*time.Second, cutByChange(shortDrain)),
			late(idle("opened after", Inside, 15*time.Second, after)),
		},
	}
}
