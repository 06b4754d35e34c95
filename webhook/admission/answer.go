package admission

import (
	"encoding/base64"
	"slices"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// encodeAnswer writes the AdmissionReview for the response to a review. Only a
// text that is no UTF-8 cannot be encoded. It goes without reflection, which an admission
// meets with cold caches.
// Source: https://pkg.go.dev/k8s.io/api/admission/v1#AdmissionResponse
func encodeAnswer(uid string, r response) ([]byte, error) {
	w := answerWriter{text: make([]byte, 0, usualAnswerBytes+2*len(r.Patch))}
	w.raw(`{"apiVersion":"` + reviewAPIVersion + `","kind":"` + reviewKind + `","response":{"uid":`)
	w.string(uid)
	if r.Allowed {
		w.raw(`,"allowed":true`)
	} else {
		w.raw(`,"allowed":false`)
	}
	if r.Status != nil {
		w.raw(`,"status":`)
		w.rare(r.Status)
	}
	if len(r.Patch) > 0 {
		w.raw(`,"patch":"`)
		w.text = base64.StdEncoding.AppendEncode(w.text, r.Patch)
		w.raw(`","patchType":"JSONPatch"`)
	}
	if len(r.AuditAnnotations) > 0 {
		w.annotations(r.AuditAnnotations)
	}
	if len(r.Warnings) > 0 {
		w.raw(`,"warnings":`)
		w.list(r.Warnings)
	}
	w.raw(`}}`)
	return w.text, w.err
}

// answerWriter keeps the first error.
type answerWriter struct {
	text []byte
	err  error
}

func (w *answerWriter) raw(text string) { w.text = append(w.text, text...) }

func (w *answerWriter) string(text string) { w.keep(jsontext.AppendQuote(w.text, text)) }

// rare writes a value in the library's way.
func (w *answerWriter) rare(value any) {
	text, err := json.Marshal(value)
	w.keep(append(w.text, text...), err)
}

func (w *answerWriter) keep(text []byte, err error) {
	w.text = text
	if w.err == nil {
		w.err = err
	}
}

func (w *answerWriter) list(texts []string) {
	next := "["
	for _, text := range texts {
		w.raw(next)
		w.string(text)
		next = ","
	}
	w.raw("]")
}

func (w *answerWriter) annotations(annotations map[string]string) {
	w.raw(`,"auditAnnotations":`)
	names := make([]string, 0, 3)
	for name := range annotations {
		names = append(names, name)
	}
	slices.Sort(names)
	next := "{"
	for _, name := range names {
		w.raw(next)
		w.string(name)
		w.raw(":")
		w.string(annotations[name])
		next = ","
	}
	w.raw("}")
}
