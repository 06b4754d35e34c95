// Package scenario is the lab's table: pods with their rules, what happens to them, and what
// their clients must see. It starts nothing.
package scenario

import (
	"slices"
	"time"

	"github.com/holdfast-mesh/holdfast/test/lab/probe"
)

// Scenario is one pod: how it is made, what happens to it, and what its clients must see.
type Scenario struct {
	// Name is the pod's name and its label "scenario", by which its rule finds it.
	Name string
	// Title is what a reader of the table sees.
	Title string
	// Group is one of package report's: what the scenario is about.
	Group string
	// NoSidecar asks Istio for no sidecar.
	NoSidecar bool
	// Plain asks Istio for a sidecar that is a container like the application's. The lab's mesh
	// makes native sidecars otherwise.
	Plain bool
	// Ingress makes the pod an ingress gateway for redis, and its clients programs outside of it.
	Ingress bool
	// Waypoint makes the pod an ambient waypoint in front of redis, and its clients programs outside
	// of it that come through its tunnel.
	Waypoint bool
	// Gateway is YAML: holdfast's entry of gateways for an Ingress or Waypoint, without name,
	// namespace and selector; "" for none.
	Gateway string
	// IPv6 gives the pod an address of IPv6 and none of IPv4.
	IPv6 bool
	// Own are annotations that the user wrote.
	Own map[string]string
	// Rule is YAML: destinations and strategy of holdfast's rule for this pod; "" for no rule.
	// A second rule stands behind a line of "---".
	Rule string
	// Annotated says which annotations the admitted pod must carry, by key; the value must
	// contain these texts. With no rule, the pod must carry none of holdfast's.
	Annotated map[string][]string
	// Objects are YAML documents: objects of Istio that the user has in the pod's namespace,
	// which is then the pod's own.
	Objects string
	// Without leaves out the mesh objects that the rules need.
	Without bool
	// Fault is the code by which "holdfast verify" must name what is not in force when the
	// clients start; "": all that the pod asks for is in force.
	Fault string
	// Forgets puts a middlebox on the way that forgets connections idle for so long: between
	// pod and servers, or between a gateway and its clients.
	Forgets time.Duration
	// Change is what an operator does, once the clients run.
	Change Change
	// Dies: the servers die without a word, at the same moment.
	Dies bool
	// Idle is the sidecar's idle timeout where a user's own object sets it; 0: MeshIdle.
	Idle time.Duration
	// Drain is the sidecar's drain duration where a rule or the user sets a short one; 0: IstioDrain.
	Drain time.Duration
	// Jitter is how far, in percent, the pod's own drain duration may be from Drain, because a
	// rule draws it. 0: it is Drain.
	Jitter int
	// Probed: TCP keepalive must run on the proxy's own sockets towards the other side: the
	// servers of a sidecar, the clients of a gateway. Otherwise it must not.
	Probed bool
	// Untouched: what istiod serves to the proxy must be the same, to the byte, before and
	// after the change.
	Untouched bool
	// Terminated: at the end, measure how long the sidecar takes to end.
	Terminated bool
	// Starts: the clients are the application's container, and begin when the kubelet would
	// start it, ready sidecar or not.
	Starts bool
	// Stops: the pod is deleted once the clients run, and its proxy must end as Ends says.
	Stops bool
	Ends  Ending
	// Grace is the pod's terminationGracePeriodSeconds; 0: Kubernetes' own 30 s.
	Grace time.Duration
	// Serves: the application is a server too, and ends so long after SIGTERM; 0: it is none.
	Serves  time.Duration
	Clients []Client
}

// Change is something that an operator does to a running mesh.
type Change string

const (
	// AccessLogs are switched on for the pod's namespace.
	AccessLogs Change = "access logs switched on"
	// RulesEdited takes the scenario's rules out of holdfast's rules.
	RulesEdited Change = "its rule deleted"
	// ObjectsApplied applies the mesh objects that the scenario's rules need.
	ObjectsApplied Change = "its mesh object applied"
	// ObjectsDeleted deletes them.
	ObjectsDeleted Change = "its mesh object deleted"
	// OthersChange is what happens to pods without a rule while ObjectsApplied or
	// ObjectsDeleted happens to others of the same stage.
	OthersChange Change = "mesh objects of other pods change"
)

// Times that the lab sets or takes from Istio.
const (
	// MeshIdle is the mesh's default idle timeout in the lab. It stands for Istio's hour, so
	// that a run takes minutes. It is set as an operator would set it for all pods; an
	// EnvoyFilter would not do, because it wins over the pods' own annotations.
	MeshIdle = 10 * time.Second
	// IstioDrain is Istio's default drainDuration:
	// https://istio.io/latest/docs/reference/config/istio.mesh.v1alpha1/#ProxyConfig.
	IstioDrain = 45 * time.Second
	// NewAfter is when applications that end open another connection, after SIGTERM: later
	// than a sidecar lives that nobody has configured.
	NewAfter = 9 * time.Second
	// podGrace is how long the kubelet waits for a pod's processes before it kills them:
	// https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-termination.
	podGrace = 30 * time.Second
)

// Namespaces of pods that need none of their own.
const (
	quietNamespace   = "lab"
	changedNamespace = "lab-changed"
)

// Namespace is where the pod is.
func (s *Scenario) Namespace() string {
	switch {
	case s.Objects != "":
		return "lab-" + s.Name
	case s.Change == AccessLogs:
		return changedNamespace
	}
	return quietNamespace
}

// IsProxy reports whether the pod is a proxy itself, whose clients are outside of it.
func (s *Scenario) IsProxy() bool { return s.Ingress || s.Waypoint }

// IdleTimeout is the proxy's idle timeout where no strategy sets another.
func (s *Scenario) IdleTimeout() time.Duration {
	if s.Idle > 0 {
		return s.Idle
	}
	return MeshIdle
}

// DrainDuration is how long the proxy keeps connections of a changed listener, unless a
// strategy makes that longer than any client of the lab lives.
func (s *Scenario) DrainDuration() time.Duration {
	if s.Drain > 0 {
		return s.Drain
	}
	return IstioDrain
}

// GracePeriod is how long the pod's processes have after SIGTERM.
func (s *Scenario) GracePeriod() time.Duration {
	if s.Grace > 0 {
		return s.Grace
	}
	return podGrace
}

// Client is the work of one application and what it must see.
type Client struct {
	probe.Spec
	// Late clients begin when the change has reached the proxies, or NewAfter after SIGTERM.
	Late bool
	// Outside clients are not in the pod. Those of a gateway never are.
	Outside bool
	Want    Want
}

// Lanes are all scenarios. Lanes run side by side, and so do the scenarios of a stage; the
// stages of a lane run one after another, because each takes away or brings back what the
// others need.
func Lanes() [][][]Scenario {
	return [][][]Scenario{
		{slices.Concat(
			idleScenarios(), gatewayIdleScenarios(), waypointIdleScenarios(), changeScenarios(), jitterScenarios(), gatewayChangeScenarios(), waypointChangeScenarios(),
			editScenarios(), objectScenarios(), middleboxScenarios(), gatewayScenarios(), deadScenarios(),
			poolScenarios(),
		)},
		{
			scopeScenarios(), deletedScenarios(), appliedScenarios(),
			// Last, when the others no longer keep the machine busy: what ends in seconds is measured.
			slices.Concat(startScenarios(), stopScenarios(), gatewayStopScenarios(), waypointStopScenarios()),
		},
	}
}

// All are the scenarios of all lanes, in the table's order.
func All() []Scenario { return slices.Concat(slices.Concat(Lanes()...)...) }
