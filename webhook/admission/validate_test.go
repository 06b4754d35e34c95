package admission

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/go-logr/logr"
	admissionv1 "k8s.io/api/admission/v1"
	"k8s.io/apimachinery/pkg/types"
)

func newRulesHandler() *RulesHandler {
	return &RulesHandler{Own: types.NamespacedName{Namespace: "holdfast-system", Name: "in-use"}, Metrics: NewMetrics(), Log: logr.Discard()}
}

// configMapReview is the review of an update of a ConfigMap.
func configMapReview(t testing.TB, name string, labels, data map[string]string, edits ...string) string {
	t.Helper()
	object, err := json.Marshal(map[string]any{"metadata": map[string]any{"name": name, "namespace": "holdfast-system", "labels": labels}, "data": data})
	if err != nil {
		t.Fatal(err)
	}
	text := fmt.Sprintf(`{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"u-2","kind":{"group":"","version":"v1","kind":"ConfigMap"},`+
		`"name":%q,"namespace":"holdfast-system","operation":"UPDATE","object":%s}}`, name, object)
	return strings.NewReplacer(edits...).Replace(text)
}

// This one denies, and says where and why.
func TestRulesHandler(t *testing.T) {
	labelled := map[string]string{"holdfast.dev/rules": "true"}
	good := map[string]string{"rules.yaml": testRules}
	bad := map[string]string{"rules.yaml": strings.NewReplacer("48h", "soon", "3306", "70000").Replace(testRules)}
	many := "apiVersion: holdfast.dev/v1alpha1\nkind: Rules\nrules:\n" + strings.Repeat("- name: BAD\n", 500)
	for _, test := range []struct {
		name, body string
		allowed    bool
		texts      []string // parts of the denial, or of the warnings
	}{
		{"good", configMapReview(t, "r", labelled, good), true, []string{"BypassesWholePorts"}},
		{"created", configMapReview(t, "r", labelled, bad, "UPDATE", "CREATE"), false, []string{"soon"}},
		// Every problem at once, each with line and column.
		{"bad", configMapReview(t, "r", labelled, bad), false, []string{"2 error(s)", "rules.yaml:8:", "soon", "rules.yaml:10:", "70000"}},
		{"no key", configMapReview(t, "r", labelled, map[string]string{"rules.yml": testRules}), false, []string{"rules.yml", `want key "rules.yaml"`}},
		{"no keys", configMapReview(t, "r", labelled, nil), false, []string{"without keys"}},
		{"binary", configMapReview(t, "r", labelled, nil, `"data":null`, `"binaryData":{"rules.yaml":"AAAA"}`), false, []string{"binaryData"}},
		{"not YAML", configMapReview(t, "r", labelled, map[string]string{"rules.yaml": "rules: ["}), false, []string{"rules.yaml:2:1"}},
		// Other ConfigMaps are nobody's business, even if the configuration sends them.
		{"no label", configMapReview(t, "r", nil, bad), true, nil},
		{"label false", configMapReview(t, "r", map[string]string{"holdfast.dev/rules": "false"}, bad), true, nil},
		// The one in use is judged with or without the label.
		{"no label, but in use", configMapReview(t, "in-use", nil, bad), false, []string{"soon"}},
		{"of that name elsewhere", configMapReview(t, "in-use", nil, bad, `"namespace":"holdfast-system"`, `"namespace":"shop"`), true, nil},
		// So is the one of an installation, also where a file is in use: it may be
		// that ConfigMap, mounted.
		{"no label, but called so", configMapReview(t, "holdfast-rules", nil, bad), false, []string{"soon"}},
		{"many problems", configMapReview(t, "r", labelled, map[string]string{"rules.yaml": many}), false, []string{"more"}},
		{"very many problems", configMapReview(t, "r", labelled, map[string]string{"rules.yaml": strings.Repeat("k: 1\n", 90_000)}), false, []string{"over 1000 error(s)", "more"}},
		{"more than a ConfigMap holds", configMapReview(t, "r", labelled, map[string]string{"rules.yaml": strings.Repeat(" ", 1<<20+1)}), false, []string{"got rules of 1048577 bytes, want at most the 1048576"}},
		{"no object", configMapReview(t, "r", labelled, nil, `"object":{`, `"object":null,"was":{`), false, []string{"got a review without object"}},
		{"a strange shape", configMapReview(t, "r", labelled, nil, `"data":null`, `"data":[]`), false, []string{"cannot read this ConfigMap: got an array at /data"}},
		{"deleted", configMapReview(t, "r", labelled, bad, "UPDATE", "DELETE"), true, []string{"got DELETE"}},
		{"a pod", configMapReview(t, "r", labelled, bad, `"kind":"ConfigMap"`, `"kind":"Pod"`), true, []string{"got v1 Pod"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			response := responseOf(t, post(newRulesHandler(), test.body))
			if response.Allowed != test.allowed || response.UID != "u-2" {
				t.Fatalf("got allowed %v, uid %q, want %v, u-2: %+v", response.Allowed, response.UID, test.allowed, response.Result)
			}
			text := strings.Join(response.Warnings, "\n")
			if !test.allowed {
				text = response.Result.Message
				if response.Result.Code != http.StatusUnprocessableEntity || response.Result.Reason != "Invalid" || len(response.Result.Details.Causes) == 0 {
					t.Errorf("got status %+v, want 422 Invalid with causes", response.Result)
				}
				if len(text) > 10_000 {
					t.Errorf("got a message of %d bytes, want a bounded one", len(text))
				}
			}
			for _, want := range test.texts {
				if !strings.Contains(text, want) {
					t.Errorf("got %q, want it to contain %q", text, want)
				}
			}
		})
	}
}

// kubectl shows one short line for a key that needs a mesh object: which object, and the command
// that makes it, stand in the part that is not cut off.
func TestMeshObjectWarnings(t *testing.T) {
	const text = `apiVersion: holdfast.dev/v1alpha1
kind: Rules
rules:
- name: redis
  destinations: {ports: [6379]}
  strategy:
    idleTimeout: 48h
    scope: Destinations
    keepalive: {time: 120s, interval: 30s, probes: 3}
gateways:
- {name: public, namespace: istio-system, selector: {a: b}, ports: [1], keepalive: {time: 300s, interval: 20s, probes: 4}}
`
	response := responseOf(t, post(newRulesHandler(), configMapReview(t, "holdfast-rules", nil, map[string]string{"rules.yaml": text})))
	want := []string{"holdfast-destinations-v1: holdfast render", "holdfast-keepalive-120s-30s-3: holdfast render", "holdfast-gateway-public: holdfast render"}
	if !response.Allowed || len(response.Warnings) != len(want) {
		t.Fatalf("got allowed %t and warnings %q, want %d", response.Allowed, response.Warnings, len(want))
	}
	for i, w := range response.Warnings {
		if !strings.Contains(w, "NeedsMeshObject: got ") || !strings.Contains(w, want[i]) || len(w) > 119 || strings.Contains(w, "\n") {
			t.Errorf("got %q, want a line of at most 119 bytes that says %q", w, want[i])
		}
	}
}

// Any text of rules is accepted or denied; accepted ones load.
func FuzzRulesHandler(f *testing.F) {
	f.Add(testRules)
	f.Add("rules: [")
	f.Add("")
	h := newRulesHandler()
	f.Fuzz(func(t *testing.T, text string) {
		w := post(h, configMapReview(t, "r", map[string]string{"holdfast.dev/rules": "true"}, map[string]string{"rules.yaml": text}))
		var review admissionv1.AdmissionReview
		if err := json.Unmarshal(w.Body.Bytes(), &review); w.Code != http.StatusOK || err != nil || review.Response == nil {
			t.Fatalf("got HTTP %d %q", w.Code, w.Body)
		}
		if strings.Contains(strings.Join(review.Response.Warnings, ""), "internal error") {
			t.Fatalf("panic on %q", text)
		}
	})
}
