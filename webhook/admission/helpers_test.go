package admission

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	jsonpatch "gopkg.in/evanphx/json-patch.v4"
	admissionv1 "k8s.io/api/admission/v1"

	"github.com/holdfast-mesh/holdfast/rules"
	"github.com/holdfast-mesh/holdfast/rules/decide"
)

const testRules = `apiVersion: holdfast.dev/v1alpha1
kind: Rules
mesh: {excludeOutboundPorts: [5432]}
rules:
- name: redis
  destinations: {middleware: [redis]}
  workloads: {referencing: true}
  strategy: {idleTimeout: 48h}
- name: mysql
  destinations: {ports: [3306]}
  workloads: {podSelector: {matchLabels: {db: mysql}}}
  strategy: {bypass: Ports}
- name: team
  destinations: {ports: [11211]}
  workloads: {namespaceSelector: {matchLabels: {tier: backend}}}
  strategy: {drainDuration: 12h}
- name: gently
  destinations: {ports: [5432]}
  workloads: {podSelector: {matchLabels: {ends: gently}}}
  strategy: {sidecarStopsLast: true}
- name: apart
  destinations: {ports: [5432]}
  workloads: {podSelector: {matchLabels: {drains: apart}}}
  strategy: {drainDuration: 12h, drainJitter: 25}
- name: watched
  mode: Observe
  destinations: {ports: [9042]}
  workloads: {podSelector: {matchLabels: {watch: "yes"}}}
  strategy: {idleTimeout: 24h}
`

// newPodHandler makes a handler over a rules file; an empty text leaves it
// without rules.
func newPodHandler(t testing.TB, text string) *PodHandler {
	t.Helper()
	m := NewMetrics()
	store := NewStore(m, logr.Discard())
	if text != "" {
		if offered := store.Offer("test", "rules.yaml", []byte(text)); offered.Err != nil {
			t.Fatalf("rules do not load: %v", offered.Err)
		}
	}
	return &PodHandler{Store: store, Cluster: NoCluster{}, Decide: (*decide.Set).Decide, Lot: func() float64 { return 0.25 }, Metrics: m, Log: logr.Discard()}
}

// fakeCluster is a Cluster of literals.
type fakeCluster struct {
	namespaces map[string]map[string]string
	mesh       map[string]*rules.MeshDefaults
	missing    []string // objects of the mesh
	configMaps map[string]configMaps
}

// configMaps are those of one namespace.
type configMaps map[string]*rules.ConfigMap

func (c configMaps) ConfigMap(name string) *rules.ConfigMap { return c[name] }

func (f fakeCluster) Namespace(name string) rules.Namespace {
	labels, ok := f.namespaces[name]
	return rules.Namespace{Name: name, Labels: labels, Known: ok}
}

func (f fakeCluster) Mesh(revision string) *rules.MeshDefaults { return f.mesh[revision] }

func (f fakeCluster) ConfigMaps(namespace string) rules.ConfigMaps { return f.configMaps[namespace] }

func (f fakeCluster) MeshObjectMissing(name string) bool { return slices.Contains(f.missing, name) }

// reviewOf is the review of a pod's creation in namespace shop; edits replace
// parts of its text.
func reviewOf(pod string, edits ...string) string {
	text := fmt.Sprintf(`{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"u-1",`+
		`"kind":{"group":"","version":"v1","kind":"Pod"},"resource":{"group":"","version":"v1","resource":"pods"},`+
		`"namespace":"shop","operation":"CREATE","userInfo":{"username":"system:admin"},"object":%s,"oldObject":null,"dryRun":false,"options":null}}`, pod)
	return strings.NewReplacer(edits...).Replace(text)
}

// post asks a handler directly.
func post(h http.Handler, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, MutatePodsPath, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// responseOf reads an answer the way the API server does, and checks what every
// answer must have.
func responseOf(t testing.TB, w *httptest.ResponseRecorder) *admissionv1.AdmissionResponse {
	t.Helper()
	if w.Code != http.StatusOK {
		t.Fatalf("got HTTP %d %q, want 200", w.Code, w.Body)
	}
	var review admissionv1.AdmissionReview
	decoder := json.NewDecoder(bytes.NewReader(w.Body.Bytes()))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&review); err != nil {
		t.Fatalf("answer %q: %v", w.Body, err)
	}
	if review.APIVersion != "admission.k8s.io/v1" || review.Kind != "AdmissionReview" || review.Response == nil {
		t.Fatalf("got %q, want an AdmissionReview with a response", w.Body)
	}
	if (len(review.Response.Patch) > 0) != (review.Response.PatchType != nil) {
		t.Fatalf("patch and patchType must come together: %q", w.Body)
	}
	for _, warning := range review.Response.Warnings {
		if len(warning) >= 120 || strings.ContainsAny(warning, "\n\r") || !strings.HasPrefix(warning, "holdfast: ") {
			t.Errorf("warning %q: want one line under 120 bytes that begins with holdfast", warning)
		}
	}
	return review.Response
}

// applied returns a pod after the patch, with the library that kube-apiserver
// uses.
func applied(t testing.TB, pod string, patch []byte) string {
	t.Helper()
	if len(patch) == 0 {
		return pod
	}
	decoded, err := jsonpatch.DecodePatch(patch)
	if err != nil {
		t.Fatalf("patch %s: %v", patch, err)
	}
	after, err := decoded.Apply([]byte(pod))
	if err != nil {
		t.Fatalf("patch %s does not apply to %s: %v", patch, pod, err)
	}
	return string(after)
}

// annotationsOf reads the annotations of a pod's text.
func annotationsOf(t testing.TB, pod string) map[string]string {
	t.Helper()
	var object struct {
		Metadata struct {
			Annotations map[string]string `json:"annotations"`
		} `json:"metadata"`
	}
	if err := json.Unmarshal([]byte(pod), &object); err != nil {
		t.Fatalf("pod %s: %v", pod, err)
	}
	return object.Metadata.Annotations
}

// objectOf cuts the object out of a review.
func objectOf(t testing.TB, review string) string {
	t.Helper()
	var r struct {
		Request struct {
			Object json.RawMessage `json:"object"`
		} `json:"request"`
	}
	if err := json.Unmarshal([]byte(review), &r); err != nil {
		t.Fatal(err)
	}
	return string(r.Request.Object)
}

// value reads a counter or gauge.
func value(t testing.TB, metric prometheus.Metric) float64 {
	t.Helper()
	var m dto.Metric
	if err := metric.Write(&m); err != nil {
		t.Fatal(err)
	}
	return m.GetCounter().GetValue() + m.GetGauge().GetValue()
}
