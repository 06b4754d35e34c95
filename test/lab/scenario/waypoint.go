package scenario

import (
	"net"
	"strconv"
	"time"

	"github.com/holdfast-mesh/holdfast/test/lab/report"
)

const (
	// AmbientRevision is the control plane that serves waypoints.
	AmbientRevision = "ambient"
	// WaypointName is that of a waypoint's Gateway, and of its Deployment and Service.
	WaypointName = "waypoint"
	// tunnelScenario is the one whose waypoint leads on into another tunnel, and TunnelNamespace
	// where it is: at the end of tunnels that they open, waypoints accept service accounts of
	// their own namespace alone.
	tunnelScenario  = "waypoint-tunnel"
	TunnelNamespace = "lab-" + tunnelScenario
	// HBONEPort is where tunnels end: https://istio.io/latest/docs/ops/deployment/application-requirements/.
	HBONEPort = 15008
)

// waypointFor makes istiod deploy a waypoint, with more of what Gateway API says about its
// deployment, and lead the clients of redis through it.
func waypointFor(name, deployment, location, endpointLabels string) string {
	return `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata:
  name: ` + WaypointName + `
  labels: {istio.io/rev: ` + AmbientRevision + `, istio.io/waypoint-for: service}
spec:
  gatewayClassName: istio-waypoint
  infrastructure:
    labels: {` + Selector + `: ` + name + `}` + deployment + `
  listeners: [{name: mesh, port: ` + strconv.Itoa(HBONEPort) + `, protocol: HBONE}]
---` + redisEntry(", labels: {istio.io/use-waypoint: "+WaypointName+"}", location, endpointLabels)
}

// waypointVariable sets a variable of the waypoint's container, as Gateway API lets its users do,
// https://istio.io/latest/docs/tasks/traffic-management/ingress/gateway-api/#automated-deployment.
func waypointVariable(name, value string) (objects, deployment string) {
	return `
apiVersion: v1
kind: ConfigMap
metadata: {name: variables}
data:
  deployment: |
    spec:
      template:
        spec:
          containers:
          - name: istio-proxy
            env: [{name: ` + name + `, value: "` + value + `"}]
---`, `
    parametersRef: {group: "", kind: ConfigMap, name: variables}`
}

// throughWaypoint: the same for TCP connections through a waypoint's tunnel.
func throughWaypoint(group string, s Scenario, clients ...Client) Scenario {
	s.Title, s.Group, s.Waypoint = "waypoint, "+s.Title, group, true
	if s.Objects == "" {
		s.Objects = waypointFor(s.Name, "", "MESH_EXTERNAL", "")
	}
	for _, c := range clients {
		c.Waypoint = net.JoinHostPort(PodHost, strconv.Itoa(HBONEPort))
		s.Clients = append(s.Clients, c)
	}
	return s
}

func waypointIdleScenarios() []Scenario {
	client := func(w Want) Client { return idle("from outside", Inside, 25*time.Second, w) }
	variable, deployment := waypointVariable("ISTIO_META_IDLE_TIMEOUT", MeshIdle.String())
	return []Scenario{
		throughWaypoint(report.Idle, Scenario{Name: "waypoint-idle", Title: "no entry"}, client(cutWhenIdle(MeshIdle))),
		throughWaypoint(report.Idle, Scenario{Name: "waypoint-timeout", Title: "idleTimeout", Gateway: gatewayTimeout, Annotated: withIdleTimeout}, client(lives())),
		// What the mesh's proxyMetadata says becomes a variable too, which wins over the annotation.
		throughWaypoint(report.Idle, Scenario{
			Name: "waypoint-variable", Title: "idleTimeout, own variable", Gateway: gatewayTimeout, Annotated: withIdleTimeout,
			Objects: variable + waypointFor("waypoint-variable", deployment, "MESH_EXTERNAL", ""), Fault: "ProxyHasOtherValue",
		}, client(cutWhenIdle(MeshIdle))),
		// From the waypoint on the connection is in a tunnel again, whose listener the annotation
		// does not reach.
		throughWaypoint(report.Idle, Scenario{
			Name: tunnelScenario, Title: "idleTimeout, next tunnel", Gateway: gatewayTimeout, Annotated: withIdleTimeout,
			Objects: waypointFor(tunnelScenario, "", "MESH_INTERNAL", ", labels: {networking.istio.io/tunnel: http}") + "---" + tunnelIdle,
		}, client(cutWhenIdle(MeshIdle))),
	}
}

func waypointChangeScenarios() []Scenario {
	client := func(w Want) Client { return busy("from outside", Inside, 65*time.Second, w) }
	return []Scenario{
		throughWaypoint(report.Change, Scenario{Name: "waypoint-change", Title: "no entry", Change: AccessLogs}, client(cutInTunnel(IstioDrain))),
		throughWaypoint(report.Change, Scenario{Name: "waypoint-drain", Title: "drainDuration", Change: AccessLogs, Gateway: gatewayDrain, Annotated: withDrainDuration}, client(lives())),
	}
}

// waypointStopScenarios: the waypoint's pod is deleted. Its annotation is no variable of
// pilot-agent's, so that stopsLast needs one.
func waypointStopScenarios() []Scenario {
	open := func(w Want) Client { return busy("in use", Inside, 25*time.Second, w) }
	variable, deployment := waypointVariable("EXIT_ON_ZERO_ACTIVE_CONNECTIONS", "true")
	return []Scenario{
		throughWaypoint(report.Stop, Scenario{Name: "waypoint-stop", Title: "no entry", Stops: true, Ends: endsAfter(istioTermination)},
			open(cutByEnd(istioTermination)), opensLate(refused())),
		throughWaypoint(report.Stop, Scenario{Name: "waypoint-stops-last", Title: "stopsLast", Stops: true, Gateway: gatewayStopsLast, Annotated: withStopsLast, Ends: endsAfter(istioTermination)},
			open(cutByEnd(istioTermination)), opensLate(refused())),
		throughWaypoint(report.Stop, Scenario{
			Name: "waypoint-stops-variable", Title: "stopsLast, own variable", Stops: true, Gateway: gatewayStopsLast, Annotated: withStopsLast, Ends: endsWithLast(),
			Objects: variable + waypointFor("waypoint-stops-variable", deployment, "MESH_EXTERNAL", ""),
		}, open(lives()), opensLate(lives())),
	}
}
