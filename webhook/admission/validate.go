package admission

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/go-logr/logr"
	"k8s.io/apimachinery/pkg/types"

	"github.com/holdfast-mesh/holdfast/internal/clip"
	"github.com/holdfast-mesh/holdfast/rules"
)

// Results of holdfast_rules_validations_total.
const (
	validationAccepted = "accepted"
	validationDenied   = "denied"
)

const (
	// maxProblems bounds the problems told in one denial.
	maxProblems = 20
	// maxProblemBytes bounds one of them.
	maxProblemBytes = 400
	// maxRulesWarnings bounds the warnings told; an API server cuts all of
	// them together at 4096 bytes.
	maxRulesWarnings = 10
)

// errNoObject is about a review that carries nothing to judge.
var errNoObject = errors.New("got a review without object, want one with the ConfigMap")

// configMapObject is the part of a ConfigMap that counts.
type configMapObject struct {
	Metadata struct {
		Name      string            `json:"name"`
		Namespace string            `json:"namespace"`
		Labels    map[string]string `json:"labels"`
	} `json:"metadata"`
	Data       map[string]string         `json:"data"`
	BinaryData map[string]jsontext.Value `json:"binaryData"`
}

// RulesHandler answers admission reviews of ConfigMaps with rules. This one
// denies, by purpose: a rules file with errors never gets into the cluster.
// Its configuration says failurePolicy Ignore, so that nobody is locked out of
// the rules while holdfast is down; a bad edit that slips through then is
// caught by the Store.
type RulesHandler struct {
	// Own is the ConfigMap in use, if one is: it is judged with or without the
	// label, so that taking the label away is no way around.
	Own     types.NamespacedName
	Metrics *Metrics
	Log     logr.Logger
	bodies  bodies
}

// ServeHTTP reads a review, loads the rules in it, and answers.
func (h *RulesHandler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	buf := h.bodies.get()
	defer h.bodies.put(buf)
	if refused := h.bodies.read(r, buf); refused != nil {
		refuse(w, refused, h.Metrics)
		return
	}
	req, err := decodeReview[configMapObject](buf.Bytes())
	if err != nil {
		refuse(w, badReview(err), h.Metrics)
		return
	}
	body, err := encodeAnswer(h.judge(req))
	if err != nil {
		refuse(w, badReview(err), h.Metrics)
		return
	}
	respond(w, body)
}

// judge makes the response. A panic admits: the Store decides again.
func (h *RulesHandler) judge(req *request[configMapObject]) (resp response) {
	defer func() {
		if caught := recover(); caught != nil {
			h.Metrics.panics.Inc()
			h.Metrics.warned(WarnInternalError)
			h.Log.Error(nil, "panic while validating rules", "uid", req.UID, "panic", caught, "stack", string(debug.Stack()))
			resp = response{UID: req.UID, Allowed: true, Warnings: []string{warningText("internal error, these rules were not checked; see the log of holdfast")}}
		}
	}()
	if warning, needless := needlessRules(req); needless {
		h.Metrics.warned(WarnNeedlessRequest)
		return response{UID: req.UID, Allowed: true, Warnings: []string{warning}}
	}
	object := req.Object
	if object == nil {
		why := errNoObject
		if req.unread != nil {
			why = plain(req.unread)
		}
		return h.deny(req, []string{fmt.Sprintf("cannot read this ConfigMap: %v", why)})
	}
	name := types.NamespacedName{Namespace: req.Namespace, Name: object.Metadata.Name}
	if object.Metadata.Labels[RulesLabel] != "true" && name != h.Own {
		return response{UID: req.UID, Allowed: true}
	}
	text, err := RulesText(object.Data, object.BinaryData)
	if err != nil {
		return h.deny(req, []string{err.Error()})
	}
	_, problems, err := compile(RulesKey, []byte(text))
	switch {
	case problems.HasErrors():
		var list []string
		for _, p := range problems {
			if p.Severity == rules.SeverityError {
				list = append(list, p.String())
			}
		}
		return h.deny(req, list)
	case err != nil:
		panic(err)
	}
	return h.accept(req, problems)
}

func (h *RulesHandler) accept(req *request[configMapObject], problems rules.Problems) response {
	h.Metrics.judged(validationAccepted)
	resp := response{UID: req.UID, Allowed: true}
	for i, p := range problems {
		if i == maxRulesWarnings {
			resp.Warnings = append(resp.Warnings, warningText(fmt.Sprintf("%d more warnings; see holdfast check", len(problems)-i)))
			break
		}
		h.Metrics.warned(WarnRulesFile)
		resp.Warnings = append(resp.Warnings, warningText(fmt.Sprintf("%d:%d: %s: %s", p.Line, p.Column, p.Code, p.Message)))
	}
	return resp
}

// deny lists what is wrong, once as text for kubectl and once as causes for
// programs.
func (h *RulesHandler) deny(req *request[configMapObject], problems []string) response {
	h.Metrics.judged(validationDenied)
	name := req.Name
	if name == "" && req.Object != nil {
		name = req.Object.Metadata.Name
	}
	const httpUnprocessable = http.StatusUnprocessableEntity
	s := &status{Status: "Failure", Reason: "Invalid", Code: httpUnprocessable, Details: statusDetails{Kind: "ConfigMap", Name: name}}
	var message strings.Builder
	fmt.Fprintf(&message, "the rules are not accepted, %d error(s):", len(problems))
	for i, p := range problems {
		if i == maxProblems {
			fmt.Fprintf(&message, "\n  and %d more; holdfast check lists all", len(problems)-i)
			break
		}
		p = clip.Text(p, maxProblemBytes)
		message.WriteString("\n  " + p)
		s.Details.Causes = append(s.Details.Causes, statusCause{Reason: "FieldValueInvalid", Message: p, Field: "data[" + RulesKey + "]"})
	}
	s.Message = message.String()
	h.Log.Info("rules denied at admission", "namespace", req.Namespace, "name", name, "uid", req.UID, "errors", len(problems), "dryRun", req.DryRun)
	return response{UID: req.UID, Allowed: false, Status: s}
}

// needlessRules says whether a review is about something that carries no rules.
func needlessRules(req *request[configMapObject]) (warning string, needless bool) {
	const fix = "; the webhook configuration should send CREATE and UPDATE of ConfigMaps only"
	switch {
	case req.Kind.Group != "" || req.Kind.Version != "v1" || req.Kind.Kind != "ConfigMap":
		return warningText("got " + clip.Text(req.Kind.String(), 30) + fix), true
	case req.Operation != "CREATE" && req.Operation != "UPDATE":
		return warningText("got " + clip.Text(cmp.Or(req.Operation, "no operation"), 30) + fix), true
	}
	return "", false
}

// RulesText finds the rules file among the keys of a ConfigMap.
func RulesText[T any](data map[string]string, binary map[string]T) (string, error) {
	if text, ok := data[RulesKey]; ok {
		return text, nil
	}
	if _, ok := binary[RulesKey]; ok {
		return "", fmt.Errorf("got key %q under binaryData, want it under data, as UTF-8 text", RulesKey)
	}
	keys := append(slices.Collect(maps.Keys(data)), slices.Collect(maps.Keys(binary))...)
	if len(keys) == 0 {
		return "", fmt.Errorf("got a ConfigMap without keys, want key %q with the rules file", RulesKey)
	}
	slices.Sort(keys)
	return "", fmt.Errorf("got key %s, want key %q with the rules file", clip.Text(strings.Join(keys, ", "), 100), RulesKey)
}
