package decide

import (
	"fmt"
	"strconv"

	"github.com/holdfast-mesh/holdfast/istio"
	"github.com/holdfast-mesh/holdfast/rules"
	"github.com/holdfast-mesh/holdfast/rules/merge"
)

const (
	// stopsAnyway is how many seconds a sidecar lives on after SIGTERM without a
	// setting: a pod whose grace period is no longer has no time for more.
	// Source: terminationDrainDuration in
	// https://istio.io/latest/docs/reference/config/istio.mesh.v1alpha1/#ProxyConfig
	stopsAnyway = 5
	// usualGracePeriod is Kubernetes' own, in seconds.
	// Source: https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-termination
	usualGracePeriod = 30
)

// builtIn are the targets that a pod's sidecar meets without holdfast, as far as
// that can be known: what Istio decides by the version of the nodes cannot.
func (s *Set) builtIn(pod *rules.Pod, mesh *rules.MeshDefaults, matched []int32) (t merge.Targets) {
	if len(matched) > 0 && int(matched[0]) >= len(s.ofSidecars()) {
		return 0 // a gateway
	}
	if pod.Annotations[istio.NativeSidecarAnnotation] == "true" {
		t |= merge.StartsFirst | merge.StopsLast
	}
	if mesh.StartsFirst {
		t |= merge.StartsFirst
	}
	return t
}

// gracePeriod is how many seconds a pod has from SIGTERM to its end.
func gracePeriod(pod *rules.Pod) int64 {
	if pod.GracePeriod != nil {
		return *pod.GracePeriod
	}
	return usualGracePeriod
}

// sayLifecycle fills the outcome with what the pod pays for a proxy that starts first or
// stops last, and warns where that does not come about.
func sayLifecycle(pod *rules.Pod, gateway istio.Gateway, inForce merge.Targets, o *rules.Outcome, warn *rules.Warnings) {
	if inForce&merge.StartsFirst != 0 {
		o.Price = append(o.Price, "sidecarStartsFirst: the application starts when the sidecar is ready, so the pod starts later")
	}
	key, whose := "sidecarStopsLast", "its application keeps connections open, or others theirs to it"
	if gateway != istio.NoGateway {
		key, whose = "stopsLast", "connections through it are open"
	}
	switch grace := gracePeriod(pod); {
	case inForce&merge.StopsLast == 0:
	case gateway > istio.GatewayInjected && !stopsByItself(pod):
		warn.Add(rules.WarnStopsLastNotReached, "set ", istio.ExitOnZeroMetadata+"=true", " in the env of istio-proxy: no injector does it here for stopsLast")
	default:
		o.Price = append(o.Price, fmt.Sprintf("%s: the pod may end as late as its grace period, %d s, while %s", key, grace, whose))
		if grace <= stopsAnyway {
			warn.Add(rules.WarnGracePeriodTooShort, "terminationGracePeriodSeconds is ", strconv.FormatInt(grace, 10),
				": the pod is killed before "+key+" helps, give it more")
		}
	}
}

// stopsByItself reports whether the pod's own proxy is told by its environment to wait for
// its last connection.
func stopsByItself(pod *rules.Pod) bool {
	value, _ := proxyVariable(pod, istio.ExitOnZeroMetadata)
	waits, err := strconv.ParseBool(value)
	return err == nil && waits
}
