package admission

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/go-logr/logr"
	"k8s.io/apimachinery/pkg/types"

	"github.com/holdfast-mesh/holdfast/internal/clip"
	"github.com/holdfast-mesh/holdfast/rules/load"
)

// validation is a result of holdfast_rules_validations_total.
type validation string

const (
	accepted validation = "accepted"
	denied   validation = "denied"
)

const (
	// maxProblems bounds the problems told in one denial.
	maxProblems = 20
	// maxCounted is how many are counted.
	maxCounted = 1000
	// maxProblemBytes bounds one of them.
	maxProblemBytes = 400
	// maxRulesWarnings bounds the warnings told; an API server cuts all of
	// them together at 4096 bytes.
	maxRulesWarnings = 10
	// maxConfigMapBytes is what an API server takes in one ConfigMap.
	// Source: https://kubernetes.io/docs/concepts/configuration/configmap/#motivation
	maxConfigMapBytes = 1 << 20
	// validateWait is how long rules wait for those before them: less than the
	// 5 s after which the API server gives up, and in goes the edit unchecked.
	validateWait = 3 * time.Second
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
	// Own is the ConfigMap in use, if one is known: it is judged with or without
	// the label, as those called rulesName are.
	Own     types.NamespacedName
	Metrics *Metrics
	Log     logr.Logger
}

var expectRules = &expectation{groupVersionKind{Version: "v1", Kind: "ConfigMap"}, []string{"CREATE", "UPDATE"}, "CREATE and UPDATE of ConfigMaps"}

// ServeHTTP reads a review, loads the rules in it, and answers.
func (h *RulesHandler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	serve(w, r, h.Metrics, expectRules, h)
}

// decode implements reviewer.
func (h *RulesHandler) decode(body []byte, weight int) (*request[configMapObject], error) {
	return decodeReview[configMapObject](body, weight)
}

// decide loads the rules, if they are any of holdfast's.
func (h *RulesHandler) decide(ctx context.Context, r *request[configMapObject]) (response, error) {
	object := r.Object
	if object == nil {
		why := errNoObject
		if r.unread != nil {
			why = plain(r.unread)
		}
		return h.deny(r, fmt.Sprintf("cannot read this ConfigMap: %v", why)), nil
	}
	name := types.NamespacedName{Namespace: r.Namespace, Name: object.Metadata.Name}
	if object.Metadata.Labels[rulesLabel] != "true" && name != h.Own && name.Name != rulesName {
		return allowed(), nil
	}
	text, err := RulesText(object.Data, object.BinaryData)
	if err != nil {
		return h.deny(r, err.Error()), nil
	}
	if len(text) > maxConfigMapBytes {
		return h.deny(r, fmt.Sprintf("got rules of %d bytes, want at most the %d that a ConfigMap holds", len(text), maxConfigMapBytes)), nil
	}
	if !h.turn(ctx) {
		return response{}, errNoTurn
	}
	defer func() { <-validating }()
	_, problems, err := compile(RulesKey, []byte(text))
	switch {
	case problems.HasErrors():
		return h.deny(r, errorsOf(problems)...), nil
	case err != nil:
		return response{}, err
	}
	return h.accept(problems), nil
}

// validating holds one place: reading rules takes up to a second and a hundred
// times their size in memory, so it is done for one review at a time.
var validating = make(chan struct{}, 1)

// errNoTurn is about rules that others were read before.
var errNoTurn = errors.New("other rules were being read")

// turn waits for the turn of a review, not longer than its client does. It
// reports whether it came.
func (h *RulesHandler) turn(ctx context.Context) bool {
	limited, cancel := context.WithTimeout(ctx, validateWait)
	defer cancel()
	select {
	case validating <- struct{}{}:
		return true
	case <-limited.Done():
		return false
	}
}

// survive admits after a defect: the Store decides again.
func (h *RulesHandler) survive(r *request[configMapObject], defect any) response {
	defective(h.Metrics, h.Log, "panic while validating rules", defect, "uid", logged(r.UID))
	return allowed("internal error, these rules were not checked; see the log of holdfast")
}

// accept passes the warnings on.
func (h *RulesHandler) accept(problems load.Problems) response {
	h.Metrics.judged(accepted)
	var warnings []string
	for i, p := range problems {
		if i == maxRulesWarnings {
			warnings = append(warnings, fmt.Sprintf("%d more warnings; see holdfast check", len(problems)-i))
			break
		}
		h.Metrics.warned(warnRulesFile)
		warnings = append(warnings, fmt.Sprintf("%d:%d: %s: %s", p.Line, p.Column, p.Code, p.Message))
	}
	return allowed(warnings...)
}

// deny lists what is wrong, once as text for kubectl and once as causes for
// programs.
func (h *RulesHandler) deny(r *request[configMapObject], problems ...string) response {
	h.Metrics.judged(denied)
	name := r.Name
	if name == "" && r.Object != nil {
		name = r.Object.Metadata.Name
	}
	var causes []statusCause
	count := strconv.Itoa(len(problems))
	if len(problems) > maxCounted { // reading ends after very many
		count = fmt.Sprintf("over %d", maxCounted)
	}
	message := fmt.Sprintf("the rules are not accepted, %s error(s):", count)
	for i, p := range problems {
		if i == maxProblems {
			message += "\n  and more; holdfast check lists them"
			break
		}
		p = clip.Text(p, maxProblemBytes)
		message += "\n  " + p
		causes = append(causes, statusCause{Reason: "FieldValueInvalid", Message: p, Field: "data[" + RulesKey + "]"})
	}
	h.Log.Info("rules denied at admission", "namespace", logged(r.Namespace), "name", logged(name), "uid", logged(r.UID), "errors", len(problems), "dryRun", r.DryRun)
	return response{Status: &status{
		Status: "Failure", Reason: "Invalid", Code: http.StatusUnprocessableEntity,
		Message: message, Details: statusDetails{Kind: "ConfigMap", Name: name, Causes: causes},
	}}
}

// errorsOf are the errors among problems, as text.
func errorsOf(problems load.Problems) (texts []string) {
	for _, p := range problems {
		if p.Severity == load.Error {
			texts = append(texts, p.String())
		}
	}
	return texts
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
