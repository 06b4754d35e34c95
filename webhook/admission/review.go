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
	patchTypeJSON    = "JSONPatch"
)

// review is an AdmissionReview whose object is an O.
type review[O any] struct {
	APIVersion string
	Kind       string
	Request    *request[O]
}

func (w *review[O]) readFrom(r *objectReader) error {
	return r.members(func(name string) error {
		switch name {
		case "apiVersion":
			return r.string(&w.APIVersion)
		case "kind":
			return r.string(&w.Kind)
		case "request":
			return readPointer(r, &w.Request, func() error { return w.Request.readFrom(r) })
		}
		return r.skip()
	})
}

// readPointer reads a value that may be missing by read, for which there is room then.
func readPointer[T any](r *objectReader, into **T, read func() error) error {
	if r.PeekKind() == jsontext.KindNull {
		return r.skip()
	}
	*into = new(T)
	return read()
}

type request[O any] struct {
	UID         string
	Kind        groupVersionKind
	SubResource string
	Name        string
	Namespace   string
	Operation   string
	DryRun      bool
	Object      *O

	unread   error     // why Object, though sent, could not be read
	received time.Time // when reading it began
}

func (q *request[O]) readFrom(r *objectReader) error {
	return r.members(func(name string) error {
		switch name {
		case "uid":
			return r.string(&q.UID)
		case "kind":
			return q.Kind.readFrom(r)
		case "subResource":
			return r.string(&q.SubResource)
		case "name":
			return r.string(&q.Name)
		case "namespace":
			return r.string(&q.Namespace)
		case "operation":
			return r.string(&q.Operation)
		case "dryRun":
			return r.bool(&q.DryRun)
		case "object":
			return readPointer(r, &q.Object, func() error {
				if pod, ok := any(q.Object).(*podObject); ok {
					return pod.readFrom(r)
				}
				return r.other(q.Object)
			})
		}
		return r.skip()
	})
}

type groupVersionKind struct{ Group, Version, Kind string }

func (k *groupVersionKind) readFrom(r *objectReader) error {
	return r.members(func(name string) error {
		switch name {
		case "group":
			return r.string(&k.Group)
		case "version":
			return r.string(&k.Version)
		case "kind":
			return r.string(&k.Kind)
		}
		return r.skip()
	})
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
	err := errHeavy
	if heavy <= maxReviewWeight {
		var whole *review[O]
		if whole, err = readReview[O](body); err == nil {
			return whole.Request, checkReview(whole.APIVersion, whole.Kind, whole.Request != nil)
		}
	}
	envelope, broken := readReview[jsontext.Value](body)
	if broken != nil {
		return nil, fmt.Errorf("cannot decode the AdmissionReview: %w", plain(err))
	}
	if err := checkReview(envelope.APIVersion, envelope.Kind, envelope.Request != nil); err != nil {
		return nil, err
	}
	r := envelope.Request
	return &request[O]{
		UID: r.UID, Kind: r.Kind, SubResource: r.SubResource, Name: r.Name,
		Namespace: r.Namespace, Operation: r.Operation, DryRun: r.DryRun, unread: err,
	}, nil
}

func readReview[O any](body []byte) (*review[O], error) {
	r := newObjectReader(body)
	defer r.end()
	whole := new(review[O])
	if err := whole.readFrom(r); err != nil {
		return nil, err
	}
	return whole, r.ended()
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

// answer is the AdmissionReview that goes back.
type answer struct {
	APIVersion string   `json:"apiVersion"`
	Kind       string   `json:"kind"`
	Response   response `json:"response"`
}

type response struct {
	UID              string            `json:"uid"` // set by encodeAnswer
	Allowed          bool              `json:"allowed"`
	Status           *status           `json:"status,omitzero"`
	Patch            []byte            `json:"patch,omitempty"` // base64 on the wire
	PatchType        string            `json:"patchType,omitempty"`
	AuditAnnotations map[string]string `json:"auditAnnotations,omitempty"`
	Warnings         []string          `json:"warnings,omitempty"`

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

// encodeAnswer writes the AdmissionReview for the response to a review. Only a
// text that is no UTF-8 cannot be encoded.
func encodeAnswer(uid string, r response) ([]byte, error) {
	r.UID = uid
	return json.Marshal(answer{APIVersion: reviewAPIVersion, Kind: reviewKind, Response: r}, json.Deterministic(true))
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
