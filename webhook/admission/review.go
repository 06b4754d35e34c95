package admission

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/holdfast-mesh/holdfast/internal/clip"
	"github.com/holdfast-mesh/holdfast/rules"
)

// The wire format of admission.k8s.io/v1, cut down to what a decision needs.
// Decoding whole objects costs ten times as much.
// Source: https://pkg.go.dev/k8s.io/api/admission/v1#AdmissionReview
const (
	reviewAPIVersion = "admission.k8s.io/v1"
	reviewKind       = "AdmissionReview"
)

// review is an AdmissionReview whose object is an O.
type review[O any] struct {
	APIVersion string      `json:"apiVersion"`
	Kind       string      `json:"kind"`
	Request    *request[O] `json:"request"`
}

type request[O any] struct {
	UID         string           `json:"uid"`
	Kind        groupVersionKind `json:"kind"`
	SubResource string           `json:"subResource"`
	Name        string           `json:"name"`
	Namespace   string           `json:"namespace"`
	Operation   string           `json:"operation"`
	DryRun      bool             `json:"dryRun"`
	Object      *O               `json:"object"`

	size     int       // of the object's JSON, in bytes
	unread   error     // why Object, though sent, could not be read
	received time.Time // when reading it began
}

type groupVersionKind struct {
	Group   string `json:"group"`
	Version string `json:"version"`
	Kind    string `json:"kind"`
}

// String is "v1 Pod" or "apps/v1 Deployment".
func (k groupVersionKind) String() string {
	switch {
	case k == groupVersionKind{}:
		return "no kind"
	case k.Group == "":
		return k.Version + " " + k.Kind
	}
	return k.Group + "/" + k.Version + " " + k.Kind
}

// errHeavy is why an object is not read that would take too much memory.
var errHeavy = fmt.Errorf("got an object of too many values, want one that takes less than %d bytes to read", maxReviewWeight)

// decodeReview reads an AdmissionReview of a weight. Like an API server it ignores unknown
// fields, takes null for a missing value, and compares names with their case.
// Unlike one it refuses duplicate names: readers disagree on which one counts,
// and a patch made for one reading may not apply to another.
//
// An object of an unexpected shape, or of too many values, is no error, so that a pod that this
// version of holdfast cannot read is still admitted; Object is then nil and
// unread says why.
func decodeReview[O any](body []byte, heavy int) (*request[O], error) {
	var whole review[jsontext.Value]
	if err := json.Unmarshal(body, &whole); err != nil {
		return nil, fmt.Errorf("cannot decode the AdmissionReview: %w", plain(err))
	}
	if err := checkReview(whole.APIVersion, whole.Kind, whole.Request != nil); err != nil {
		return nil, err
	}
	from := whole.Request
	r := &request[O]{
		UID: from.UID, Kind: from.Kind, SubResource: from.SubResource, Name: from.Name,
		Namespace: from.Namespace, Operation: from.Operation, DryRun: from.DryRun,
	}
	if from.Object != nil {
		r.size = len(*from.Object)
	}
	switch {
	case heavy > maxReviewWeight:
		r.unread = errHeavy
	case from.Object != nil:
		if r.unread = json.Unmarshal(*from.Object, &r.Object); r.unread != nil {
			r.Object = nil
		}
	}
	return r, nil
}

func checkReview(apiVersion, kind string, hasRequest bool) error {
	switch {
	case apiVersion != reviewAPIVersion || kind != reviewKind:
		return fmt.Errorf("got apiVersion %q, kind %q, want %q, %q", clip.Text(apiVersion, 60), clip.Text(kind, 60), reviewAPIVersion, reviewKind)
	case !hasRequest:
		return fmt.Errorf("got an AdmissionReview without request, want one with a request")
	}
	return nil
}

// expectation is what a webhook configuration should send to a handler.
type expectation struct {
	kind       groupVersionKind
	operations []string
	words      string // both, for people
}

// unexpected names what else a review is about, with advice; "" if it is as
// expected.
func unexpected[O any](r *request[O], want *expectation) string {
	var got string
	switch {
	case r.Kind != want.kind:
		got = r.Kind.String()
	case r.SubResource != "":
		got = "subresource " + r.SubResource
	case !slices.Contains(want.operations, r.Operation):
		got = cmp.Or(r.Operation, "no operation")
	default:
		return ""
	}
	advice := "; the webhook configuration should send " + want.words + " only"
	return "got " + clip.Text(got, rules.MaxWarningLength-len(rules.WarningText("got "+advice))) + advice
}

// response is the response of the AdmissionReview that goes back.
type response struct {
	Allowed          bool
	Status           *status // of a denial
	Patch            []byte  // a JSON patch
	AuditAnnotations map[string]string
	Warnings         []string

	record func() // writes metrics and log once the answer is sent; may be nil
}

// allowed admits, with warnings.
func allowed(warnings ...string) response {
	r := response{Allowed: true}
	for _, w := range warnings {
		r.Warnings = append(r.Warnings, rules.WarningText(w))
	}
	return r
}

// status is a metav1.Status, for a denial.
type status struct {
	Status  string        `json:"status"`
	Message string        `json:"message"`
	Reason  string        `json:"reason"`
	Details statusDetails `json:"details"`
	Code    int           `json:"code"`
}

type statusDetails struct {
	Kind   string        `json:"kind"`
	Name   string        `json:"name,omitempty"`
	Causes []statusCause `json:"causes,omitempty"`
}

type statusCause struct {
	Reason  string `json:"reason"`
	Message string `json:"message"`
	Field   string `json:"field"`
}

// plain says of a decoding error what was found where, without the Go types
// that the library names.
func plain(err error) error {
	var semantic *json.SemanticError
	if !errors.As(err, &semantic) {
		return err
	}
	kind := semantic.JSONKind.String()
	if readable, ok := map[string]string{"{": "an object", "[": "an array", "string": "a string", "number": "a number"}[kind]; ok {
		kind = readable
	}
	where := string(semantic.JSONPointer)
	if where == "" {
		where = "the top"
	}
	return fmt.Errorf("got %s at %s (byte %d), want what the Kubernetes API has there", kind, where, semantic.ByteOffset)
}
