package decide

import (
	"fmt"
	"strconv"

	"github.com/holdfast-mesh/holdfast/istio"
	"github.com/holdfast-mesh/holdfast/rules"
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
func builtIn(pod *rules.Pod, mesh *rules.MeshDefaults) (t targets) {
	if pod.Annotations[istio.NativeSidecarAnnotation] == "true" {
		t |= targetStartsFirst | targetStopsLast
	}
	if mesh.StartsFirst {
		t |= targetStartsFirst
	}
	return t
}

// builtInNotes say why nothing is written for some of what is wanted.
func (w *want) builtInNotes() (notes []string) {
	if w.builtIn&targetStartsFirst != 0 {
		notes = append(notes, "the sidecar starts first without an annotation")
	}
	if w.builtIn&targetStopsLast != 0 {
		notes = append(notes, "the sidecar stops last without an annotation")
	}
	return notes
}

// gracePeriod is how many seconds a pod has from SIGTERM to its end.
func gracePeriod(pod *rules.Pod) int64 {
	if pod.GracePeriod != nil {
		return *pod.GracePeriod
	}
	return usualGracePeriod
}

// warnOfGracePeriod warns where the grace period leaves no time to stop last.
func warnOfGracePeriod(pod *rules.Pod, m *merged, warn *warnings) {
	if grace := gracePeriod(pod); m.inForce&targetStopsLast != 0 && grace <= stopsAnyway {
		warn.add(rules.WarnGracePeriodTooShort, "terminationGracePeriodSeconds is ", strconv.FormatInt(grace, 10),
			": the pod is killed before sidecarStopsLast helps, give it more")
	}
}

// price says what the pod pays for its strategies where that is more than what
// nobody notices.
func price(pod *rules.Pod, m *merged) (price []string) {
	if m.inForce&targetStartsFirst != 0 {
		price = append(price, "sidecarStartsFirst: the application starts when the sidecar is ready, so the pod starts later")
	}
	if m.inForce&targetStopsLast != 0 {
		price = append(price, fmt.Sprintf("sidecarStopsLast: the pod may end as late as its grace period, %d s, while its application keeps connections open", gracePeriod(pod)))
	}
	return price
}
