package admission

import (
	"cmp"
	"net/http"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/go-logr/logr"

	"github.com/holdfast-mesh/holdfast/internal/clip"
	"github.com/holdfast-mesh/holdfast/rules"
)

// Decide decides about one pod; (*rules.Set).Decide is the one that users get.
type Decide func(set *rules.Set, pod *rules.Pod, options rules.Options) rules.Outcome

// PodHandler answers admission reviews of pods. It never denies one. All
// fields are needed; none changes while it serves.
type PodHandler struct {
	Store   *Store
	Cluster Cluster
	Decide  Decide
	Options rules.Options
	Metrics *Metrics
	Log     logr.Logger
	bodies  bodies
}

// ServeHTTP reads a review, decides, and answers.
func (h *PodHandler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	start := time.Now()
	buf := h.bodies.get()
	defer h.bodies.put(buf)
	if refused := h.bodies.read(r, buf); refused != nil {
		refuse(w, refused, h.Metrics)
		return
	}
	a := podAdmission{handler: h, start: start}
	body, err := a.review(buf.Bytes())
	if err != nil {
		refuse(w, badReview(err), h.Metrics)
		return
	}
	respond(w, body)
}

// podAdmission is one review on its way through.
type podAdmission struct {
	handler *PodHandler
	start   time.Time
	request *request[podObject]
}

// review takes a body to the answer's body. An error means that the body is no
// review. A panic becomes an answer that admits the pod as it is.
func (a *podAdmission) review(body []byte) (answer []byte, err error) {
	defer func() {
		if caught := recover(); caught != nil {
			answer, err = a.survive(caught, body)
		}
	}()
	if a.request, err = decodeReview[podObject](body); err != nil {
		return nil, err
	}
	if warning, needless := needlessRequest(a.request); needless {
		a.handler.Metrics.warned(WarnNeedlessRequest)
		return encodeAnswer(response{UID: a.request.UID, Allowed: true, Warnings: []string{warning}})
	}
	outcome, response := a.decide()
	if answer, err = encodeAnswer(response); err != nil {
		// Only a text that is no UTF-8 cannot be encoded.
		panic(err)
	}
	a.record(outcome)
	return answer, nil
}

// decide makes the outcome and the response that carries it.
func (a *podAdmission) decide() (*rules.Outcome, response) {
	h, r := a.handler, a.request
	if r.Object == nil {
		return a.unreadable()
	}
	var podLabels map[string]string
	if r.Object.Metadata != nil {
		podLabels = r.Object.Metadata.Labels
	}
	namespace := h.Cluster.Namespace(r.Namespace)
	mesh := h.Cluster.Mesh(revisionOf(namespace.Labels, podLabels))
	outcome := h.Decide(h.Store.Set(), r.Object.facts(namespace, mesh), h.Options)
	patch, err := podPatch(r.Object, &outcome)
	if err != nil {
		panic(err)
	}
	resp := response{UID: r.UID, Allowed: true, AuditAnnotations: audit(&outcome)}
	if patch != nil {
		resp.Patch, resp.PatchType = patch, patchTypeJSON
	}
	for _, w := range outcome.Warnings {
		resp.Warnings = append(resp.Warnings, warningText(w.Message))
	}
	return &outcome, resp
}

// unreadable admits a pod whose shape this version does not know.
func (a *podAdmission) unreadable() (*rules.Outcome, response) {
	const message = "cannot read this pod, admitted as it is; is holdfast older than the API server?"
	outcome := rules.Outcome{
		Reason:   rules.InternalError,
		Detail:   "pod not understood",
		Warnings: []rules.Warning{{Code: WarnUnreadablePod, Message: message}},
	}
	return &outcome, response{
		UID:              a.request.UID,
		Allowed:          true,
		Warnings:         []string{warningText(message)},
		AuditAnnotations: audit(&outcome),
	}
}

// survive answers after a panic. The pod passes unchanged; the answer needs
// the review's uid, or the API server takes it for a failed call.
//
// http.ErrAbortHandler is net/http's own way to end a request.
func (a *podAdmission) survive(caught any, body []byte) ([]byte, error) {
	if caught == http.ErrAbortHandler {
		panic(caught)
	}
	h := a.handler
	h.Metrics.panics.Inc()
	uid := uidOf(body)
	if a.request != nil {
		uid = a.request.UID
	}
	h.Log.Error(nil, "panic while deciding", append(a.fields(), "panic", caught, "stack", string(debug.Stack()))...)
	h.Metrics.warned(WarnInternalError)
	h.Metrics.decided(rules.InternalError, time.Since(a.start))
	return encodeAnswer(response{
		UID: uid, Allowed: true,
		Warnings:         []string{warningText("internal error, this pod was admitted as it is; see the log of holdfast for this pod")},
		AuditAnnotations: map[string]string{auditReason: string(rules.InternalError)},
	})
}

// uidOf reads the uid alone, for when reading the whole review panicked.
func uidOf(body []byte) (uid string) {
	defer func() { _ = recover() }()
	if r, err := decodeReview[struct{}](body); err == nil {
		uid = r.UID
	}
	return uid
}

// record writes metrics and log line. Patched pods are worth a line; what was
// left alone is for those who look closer.
func (a *podAdmission) record(outcome *rules.Outcome) {
	h := a.handler
	h.Metrics.decided(outcome.Reason, time.Since(a.start))
	for _, w := range outcome.Warnings {
		h.Metrics.warned(w.Code)
	}
	const unchanged = "pod left as it is"
	level, message := 1, unchanged
	switch outcome.Reason {
	case rules.Patched, rules.AlreadyInjected:
		level, message = 0, "pod patched"
	case rules.InternalError:
		h.Log.Error(a.request.unread, unchanged, append(a.fields(), "reason", outcome.Reason, "detail", outcome.Detail)...)
		return
	}
	if log := h.Log.V(level); log.Enabled() {
		fields := append(a.fields(), "reason", outcome.Reason, "detail", outcome.Detail, "rules", outcome.Rules)
		if len(outcome.Observed) > 0 {
			fields = append(fields, "observed", outcome.Observed)
		}
		log.Info(message, fields...)
	}
}

// fields name the pod in the log.
func (a *podAdmission) fields() []any {
	r := a.request
	if r == nil {
		return nil
	}
	fields := make([]any, 0, 16)
	fields = append(fields, "namespace", r.Namespace)
	name, generateName := r.Name, ""
	if r.Object != nil && r.Object.Metadata != nil {
		generateName = r.Object.Metadata.GenerateName
		if name == "" {
			name = r.Object.Metadata.Name
		}
	}
	if name == "" {
		fields = append(fields, "generateName", generateName)
	} else {
		fields = append(fields, "name", name)
	}
	fields = append(fields, "uid", r.UID)
	if r.DryRun {
		fields = append(fields, "dryRun", true)
	}
	return fields
}

// needlessRequest says whether a review is about something that holdfast never
// changes.
func needlessRequest(r *request[podObject]) (warning string, needless bool) {
	const fix = "; the webhook configuration should send CREATE of pods only"
	switch {
	case r.Kind.Group != "" || r.Kind.Version != "v1" || r.Kind.Kind != "Pod":
		return warningText("got " + clip.Text(r.Kind.String(), 40) + fix), true
	case r.SubResource != "":
		return warningText("got subresource " + clip.Text(r.SubResource, 30) + fix), true
	case r.Operation != "CREATE":
		return warningText("got " + clip.Text(cmp.Or(r.Operation, "no operation"), 40) + fix), true
	}
	return "", false
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

// respond writes an answer with its length, so that HTTP/1.1 needs no chunks.
func respond(w http.ResponseWriter, body []byte) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	// A client that went away is its own affair: its API server has decided.
	_, _ = w.Write(body)
}
