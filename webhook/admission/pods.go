package admission

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/go-logr/logr"

	"github.com/holdfast-mesh/holdfast/internal/clip"
	"github.com/holdfast-mesh/holdfast/rules"
	"github.com/holdfast-mesh/holdfast/rules/decide"
)

// Decide decides about one pod; (*decide.Set).Decide is the one that users get.
type Decide func(set *decide.Set, pod *rules.Pod, options decide.Options) rules.Outcome

// RandomLot is a PodHandler's Lot that nobody can foretell.
func RandomLot() float64 { return 1 - rand.Float64() }

// PodHandler answers admission reviews of pods. It never denies one. All
// fields are needed; none changes while it serves.
type PodHandler struct {
	Store   *Store
	Cluster Cluster
	Decide  Decide
	Options decide.Options
	Lot     func() float64 // rules.Pod.Lot of the next pod
	Metrics *Metrics
	Log     logr.Logger
}

var expectPods = &expectation{groupVersionKind{Version: "v1", Kind: "Pod"}, []string{"CREATE"}, "CREATE of pods"}

// ServeHTTP reads a review, decides, and answers.
func (h *PodHandler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	serve(w, r, h.Metrics, expectPods, h)
}

// decode implements reviewer.
func (h *PodHandler) decode(body []byte, weight int) (*request[podObject], error) {
	return decodePodReview(body, weight)
}

// decide makes the response that carries the outcome.
func (h *PodHandler) decide(_ context.Context, r *request[podObject]) (response, error) {
	outcome := h.outcome(r)
	patch, err := podPatch(r.Object, &outcome)
	if err != nil {
		return response{}, err
	}
	resp := allowed()
	resp.AuditAnnotations = audit(&outcome)
	resp.record = func() { h.record(r, &outcome) }
	resp.Patch = patch
	for _, w := range outcome.Warnings {
		resp.Warnings = append(resp.Warnings, w.Text())
	}
	if probe := r.Object.meta().Annotations[rules.ProbeAnnotation]; probe != "" && r.DryRun {
		resp.Warnings = append(resp.Warnings, rules.WarningText(rules.ProbeAnswer(probe, outcome.Reason)))
	}
	return resp, nil
}

// outcome is what the rules in force say to a pod. One whose shape this version
// does not know is admitted as it is.
func (h *PodHandler) outcome(r *request[podObject]) rules.Outcome {
	switch {
	case errors.Is(r.unread, errHeavy):
		const message = "too many values in this pod, admitted as it is; give it fewer variables, arguments or containers"
		return rules.Outcome{
			Reason:   rules.TooLarge,
			Detail:   errHeavy.Error(),
			Warnings: []rules.Warning{{Code: rules.WarnTooLarge, Message: message}},
		}
	case r.Object == nil:
		const message = "cannot read this pod, admitted as it is; is holdfast older than the API server?"
		return rules.Outcome{
			Reason:   rules.InternalError,
			Detail:   "pod not understood",
			Warnings: []rules.Warning{{Code: warnUnreadablePod, Message: message}},
		}
	}
	outcome := h.Decide(h.Store.Set(), h.facts(r), h.Options)
	h.warnOfMissing(&outcome)
	return outcome
}

// warnOfMissing adds a warning about objects of the mesh that the annotations
// wait for. The pod gets its annotations all the same: most of what is missing
// helps as soon as it comes.
func (h *PodHandler) warnOfMissing(outcome *rules.Outcome) {
	var missing []string
	for _, name := range outcome.MeshObjects {
		if h.Cluster.MeshObjectMissing(name) {
			missing = append(missing, name)
		}
	}
	if missing != nil {
		warning := rules.NewWarning(rules.WarnMeshObjectMissing, "the mesh lacks ", strings.Join(missing, ", "), "; apply what `holdfast render` prints")
		outcome.Warnings = append(slices.Clip(outcome.Warnings), warning) // the list is shared
	}
}

// survive admits the pod as it is after a defect.
func (h *PodHandler) survive(r *request[podObject], defect any) response {
	defective(h.Metrics, h.Log, "panic while deciding", defect, podFields(r)...)
	h.Metrics.decided(rules.InternalError, time.Since(r.received))
	resp := allowed("internal error, this pod was admitted as it is; see the log of holdfast for this pod")
	resp.AuditAnnotations = audit(&rules.Outcome{Reason: rules.InternalError})
	return resp
}

// record writes metrics and log line. Patched pods are worth a line; what was
// left alone is for those who look closer.
func (h *PodHandler) record(r *request[podObject], outcome *rules.Outcome) {
	h.Metrics.decided(outcome.Reason, time.Since(r.received))
	for _, w := range outcome.Warnings {
		h.Metrics.warned(w.Code)
	}
	const unchanged = "pod left as it is"
	level, message := 1, unchanged
	switch outcome.Reason {
	case rules.Patched, rules.AlreadyInjected, rules.TakenBack:
		level, message = 0, "pod patched"
	case rules.TooLarge, rules.LeftAlone: // somebody expects a patch
		level = 0
	case rules.InternalError:
		h.Log.Error(r.unread, unchanged, append(podFields(r), "reason", string(outcome.Reason), "detail", clip.Text(outcome.Detail, maxAuditBytes))...)
		return
	}
	if log := h.Log.V(level); log.Enabled() {
		fields := append(podFields(r), "reason", string(outcome.Reason), "detail", clip.Text(outcome.Detail, maxAuditBytes), "rules", loggedRules(outcome.Rules))
		if len(outcome.Observed) > 0 {
			fields = append(fields, "observed", loggedRules(outcome.Observed))
		}
		log.Info(message, fields...)
	}
}

// podFields name the pod in the log.
func podFields(r *request[podObject]) []any {
	meta := r.Object.meta()
	fields := append(make([]any, 0, 16), "namespace", logged(r.Namespace))
	if name := cmp.Or(r.Name, meta.Name); name != "" {
		fields = append(fields, "name", logged(name))
	} else {
		fields = append(fields, "generateName", logged(meta.GenerateName))
	}
	fields = append(fields, "uid", logged(r.UID))
	if r.DryRun {
		fields = append(fields, "dryRun", true)
	}
	return fields
}

// logged fits a name that nobody has checked yet into a log line: webhooks are
// asked before the API server validates names.
func logged(name string) string { return clip.Text(name, maxLoggedName) }

// loggedRules fits a list of rules into a log line.
func loggedRules(names []string) []string {
	if len(names) <= maxLoggedRules {
		return names
	}
	return append(slices.Clone(names[:maxLoggedRules]), fmt.Sprintf("and %d more", len(names)-maxLoggedRules))
}

// audit is what the API server's audit log keeps of a decision.
func audit(outcome *rules.Outcome) map[string]string {
	annotations := map[string]string{auditReason: string(outcome.Reason)}
	if len(outcome.Rules) > 0 {
		annotations[auditRules] = clip.Text(strings.Join(outcome.Rules, ","), maxAuditBytes)
	}
	if len(outcome.Observed) > 0 {
		annotations[auditObserved] = clip.Text(strings.Join(outcome.Observed, ","), maxAuditBytes)
	}
	return annotations
}
