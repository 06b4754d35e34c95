package verify

// Status is what came of looking at one strategy.
type Status string

// The statuses. A pod fails verification with NotInForce or Overridden.
const (
	// InForce: what the pod asks for was found everywhere it should be.
	InForce Status = "InForce"
	// NotInForce: what the pod asks for is missing.
	NotInForce Status = "NotInForce"
	// Overridden: it is there, and something else wins over it in places.
	Overridden Status = "Overridden"
	// NotSeen: what was given does not show it.
	NotSeen Status = "NotSeen"
	// NotAskedFor: the pod does not ask for it; the text says what holds instead.
	NotAskedFor Status = "NotAskedFor"
)

// Aspect is what a finding speaks of. The texts are stable.
type Aspect string

// The aspects, in the order of a report.
const (
	Annotation       Aspect = "annotation" // proxy.istio.io/config as a whole
	IdleTimeout      Aspect = "idleTimeout"
	Destinations     Aspect = "destinations" // idleTimeout with scope: Destinations
	Keepalive        Aspect = "keepalive"
	DrainDuration    Aspect = "drainDuration"
	ExcludedPorts    Aspect = "excludedPorts"
	ExcludedCIDRs    Aspect = "excludedCIDRs"
	GatewayKeepalive Aspect = "gatewayKeepalive"
	Updates          Aspect = "updates" // of the configuration, that Envoy refused
)

// Code names a fault. The texts are stable.
type Code string

// The faults.
const (
	// AnnotationRejected: Istio cannot read the annotation.
	AnnotationRejected Code = "AnnotationRejected"
	// ValueIgnored: Istio or Envoy cannot read the value and ignores it in silence.
	ValueIgnored Code = "ValueIgnored"
	// ProxyHasNoValue: the proxy was started without what the annotation says.
	ProxyHasNoValue Code = "ProxyHasNoValue"
	// ProxyHasOtherValue: the proxy was started with another value.
	ProxyHasOtherValue Code = "ProxyHasOtherValue"
	// TimeoutOverridden: a listener has another idle timeout than the proxy's own.
	TimeoutOverridden Code = "TimeoutOverridden"
	// FilterMissing: the filter that reads destination patterns is not there.
	FilterMissing Code = "FilterMissing"
	// FilterOverridden: another filter sets the timeout of connections after it.
	FilterOverridden Code = "FilterOverridden"
	// IstioTooOld: this Istio's Envoy cannot do it.
	IstioTooOld Code = "IstioTooOld"
	// KeepaliveMissing: connections are opened without keepalive.
	KeepaliveMissing Code = "KeepaliveMissing"
	// KeepaliveOverridden: connections are opened with other values.
	KeepaliveOverridden Code = "KeepaliveOverridden"
	// NotExcluded: istio-init was given other exclusions.
	NotExcluded Code = "NotExcluded"
	// NothingCaptured: there is no traffic capture that exclusions could narrow.
	NothingCaptured Code = "NothingCaptured"
	// ListenerMissing: a gateway has no listener on a port that the rules name.
	ListenerMissing Code = "ListenerMissing"
	// UpdateRejected: Envoy refused a listener and keeps what it had before.
	UpdateRejected Code = "UpdateRejected"
	// OtherVersion: the pod is of a version of holdfast that this one does not know.
	OtherVersion Code = "OtherVersion"
)

// Finding is what was found of one aspect.
type Finding struct {
	Aspect Aspect `json:"aspect"`
	Status Status `json:"status"`
	Code   Code   `json:"code,omitempty"` // of NotInForce and Overridden
	Detail string `json:"detail"`
	// Fix says what to do; empty where nothing is wrong.
	Fix string `json:"fix,omitempty"`
	// Where lists the listeners or clusters that a fault was found in.
	Where []string `json:"where,omitempty"`
}

// Failed reports whether the finding is a fault.
func (f *Finding) Failed() bool { return f.Status == NotInForce || f.Status == Overridden }

// Report is all that was found of one pod.
type Report struct {
	Namespace string    `json:"namespace"`
	Pod       string    `json:"pod"`
	Proxy     string    `json:"proxy,omitempty"` // Istio's ID of the proxy
	Istio     string    `json:"istio,omitempty"` // its version
	Envoy     string    `json:"envoy,omitempty"`
	Findings  []Finding `json:"findings"`
	// Path is set by the caller who asked for one connection.
	Path *Path `json:"path,omitempty"`
	// NotSeen says what could not be looked at, and why.
	NotSeen []string `json:"notSeen"`
}

// Failed reports whether something is not in force.
func (r *Report) Failed() bool {
	for i := range r.Findings {
		if r.Findings[i].Failed() {
			return true
		}
	}
	return false
}
