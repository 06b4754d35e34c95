package scenario

import (
	"time"

	"github.com/holdfast-mesh/holdfast/test/lab/probe"
	"github.com/holdfast-mesh/holdfast/test/lab/report"
)

// istioTermination is how long a sidecar lives after SIGTERM: terminationDrainDuration of
// https://istio.io/latest/docs/reference/config/istio.mesh.v1alpha1/#ProxyConfig.
const istioTermination = 5 * time.Second

// stopScenarios: the pod is deleted. SIGTERM reaches the application and its sidecar at the same
// moment, but a native sidecar when the application has ended; the application finishes its work.
func stopScenarios() []Scenario {
	const (
		work  = 17 * time.Second // of the application, after SIGTERM
		grace = 12 * time.Second // less than that
		soon  = 3 * time.Second  // before any sidecar ends
		later = 12 * time.Second // after the sidecar, if nothing holds it
	)
	working := func(name string, linger time.Duration, w Want) Client {
		c := busy(name, Inside, time.Minute, w)
		c.Every, c.Linger = time.Second, linger
		return c
	}
	return []Scenario{
		{
			Name: "stop-sidecar", Title: "sidecar, no rule", Group: report.Stop, Plain: true, Stops: true,
			Ends:    endsAfter(istioTermination),
			Clients: []Client{working("in use", work, cutByEnd(istioTermination)), opensLate(refused())},
		},
		{
			Name: "stop-last", Title: "sidecarStopsLast", Group: report.Stop, Plain: true, Stops: true,
			Rule: stopsLast, Annotated: withStopsLast, Ends: endsWithLast(),
			Clients: []Client{working("in use", work, lives()), opensLate(lives())},
		},
		{
			// No connection left: as fast as ever.
			Name: "stop-last-soon", Title: "sidecarStopsLast", Group: report.Stop, Plain: true, Stops: true,
			Rule: stopsLast, Annotated: withStopsLast, Ends: endsAfter(istioTermination + checkEvery),
			Clients: []Client{working("soon closed", soon, lives())},
		},
		{
			Name: "stop-last-drain", Title: "sidecarStopsLast, drainDuration", Group: report.Stop, Plain: true, Stops: true,
			Rule: stopsLastDrain, Annotated: withStopsLast, Ends: endsWithLast(),
			Clients: []Client{working("in use", work, lives()), opensLate(lives())},
		},
		{
			// The kubelet kills both at once: nothing has cut the connection before.
			Name: "stop-last-grace", Title: "sidecarStopsLast", Group: report.Stop, Plain: true, Stops: true,
			Rule: stopsLast, Annotated: withStopsLast, Grace: grace, Ends: endsAfter(grace),
			Clients: []Client{working("in use for longer", time.Minute, lives())},
		},
		{
			// A connection into the pod holds the sidecar too, as long as the server holds it.
			Name: "stop-last-tcp", Title: "sidecarStopsLast", Group: report.Stop, Plain: true, Stops: true,
			Rule: stopsLastIdle, Annotated: withStopsLast, Ends: endsAfter(later), Serves: later,
			Clients: []Client{working("soon closed", soon, lives()), inbound("idle inbound TCP", "tcp", probe.LinesPort, closedByServer(later))},
		},
		{
			// Towards a client of HTTP the sidecar is the server, and its own server's end is not its end.
			Name: "stop-last-http", Title: "sidecarStopsLast", Group: report.Stop, Plain: true, Stops: true,
			Rule: stopsLastIdle, Annotated: withStopsLast, Ends: endsAfter(podGrace), Serves: later,
			Clients: []Client{working("soon closed", soon, lives()), inbound("idle inbound HTTP", "http", probe.WebPort, cutByEnd(podGrace))},
		},
		{
			Name: "stop-native", Title: "native sidecar, no rule", Group: report.Stop, Stops: true,
			Ends:    endsWithLast(),
			Clients: []Client{working("in use", work, lives()), opensLate(lives())},
		},
	}
}

// opensLate is a client that opens another connection after SIGTERM.
func opensLate(w Want) Client {
	c := late(busy("opened after SIGTERM", Inside, 4*time.Second, w))
	c.Every, c.Patience = time.Second, 2*time.Second
	return c
}

// inbound is a client of the pod's own server, which asks once and holds its connection.
func inbound(name, client string, port int, w Want) Client {
	c := to(PodHost, port, idle(name, Inside, 45*time.Second, w))
	c.Spec.Client, c.Outside = client, true
	return c
}
