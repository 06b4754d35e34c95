package admission

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	admissionv1 "k8s.io/api/admission/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"pgregory.net/rapid"
)

// What is written by hand is what the API server's own type reads, whatever the texts.
func TestAnswerIsRead(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.String()
		uid := text.Draw(t, "uid")
		r := response{
			Allowed:          rapid.Bool().Draw(t, "allowed"),
			Patch:            []byte(text.Draw(t, "patch")),
			AuditAnnotations: rapid.MapOfN(text, text, 0, 3).Draw(t, "annotations"),
			Warnings:         rapid.SliceOfN(text, 0, 3).Draw(t, "warnings"),
		}
		want := admissionv1.AdmissionReview{
			TypeMeta: metav1.TypeMeta{APIVersion: "admission.k8s.io/v1", Kind: "AdmissionReview"},
			Response: &admissionv1.AdmissionResponse{UID: types.UID(uid), Allowed: r.Allowed},
		}
		if len(r.Patch) > 0 {
			jsonPatch := admissionv1.PatchTypeJSONPatch
			want.Response.Patch, want.Response.PatchType = r.Patch, &jsonPatch
		}
		if len(r.AuditAnnotations) > 0 {
			want.Response.AuditAnnotations = r.AuditAnnotations
		}
		if len(r.Warnings) > 0 {
			want.Response.Warnings = r.Warnings
		}
		if rapid.Bool().Draw(t, "denied") {
			message := text.Draw(t, "message")
			r.Status = &status{Status: "Failure", Message: message, Details: statusDetails{Kind: "ConfigMap"}}
			want.Response.Result = &metav1.Status{Status: "Failure", Message: message, Details: &metav1.StatusDetails{Kind: "ConfigMap"}}
		}
		answer, err := encodeAnswer(uid, r)
		if err != nil {
			t.Fatal(err)
		}
		var got admissionv1.AdmissionReview
		if err := json.Unmarshal(answer, &got); err != nil {
			t.Fatalf("%v in %s", err, answer)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("-want +got:\n%s", diff)
		}
		again, _ := encodeAnswer(uid, r)
		if string(again) != string(answer) {
			t.Fatalf("got %s, and then %s", answer, again)
		}
	})
}

// A text that is no UTF-8 is a defect, wherever it stands, and no broken answer.
func TestAnswerIsUTF8(t *testing.T) {
	const broken = "\xff"
	for name, r := range map[string]response{
		"a warning":    {Warnings: []string{broken, "fine"}},
		"a value":      {AuditAnnotations: map[string]string{"a": broken, "b": "fine"}},
		"a denial":     {Status: &status{Message: broken}, Warnings: []string{"fine"}},
		"an audit key": {AuditAnnotations: map[string]string{broken: "fine"}},
	} {
		if answer, err := encodeAnswer("u", r); err == nil {
			t.Errorf("%s: got %q and no error", name, answer)
		}
	}
}
