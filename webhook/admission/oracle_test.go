package admission

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"
	admissionv1 "k8s.io/api/admission/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	ctrladmission "sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	"github.com/holdfast-mesh/holdfast/internal/clip"
	"github.com/holdfast-mesh/holdfast/istio"
	"github.com/holdfast-mesh/holdfast/rules"
)

// oracle is the same engine behind controller-runtime's own handler: whole
// objects decoded by the Kubernetes codecs, the patch made by comparing pods.
type oracle struct {
	handler *PodHandler
	decoder ctrladmission.Decoder
}

func newOracle(t testing.TB, h *PodHandler) http.Handler {
	t.Helper()
	scheme := runtime.NewScheme()
	if err := corev1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	return &ctrladmission.Webhook{Handler: &oracle{handler: h, decoder: ctrladmission.NewDecoder(scheme)}}
}

// undecodable marks pods that the Kubernetes codecs refuse.
const undecodable = "undecodable"

// convert goes by way of the JSON that the codecs write.
func convert(into, from any) {
	text, err := json.Marshal(from)
	if err == nil {
		err = json.Unmarshal(text, into)
	}
	if err != nil {
		panic(err) // a test's own types
	}
}

// Handle implements admission.Handler.
func (o *oracle) Handle(_ context.Context, r ctrladmission.Request) ctrladmission.Response {
	if r.Kind.Group != "" || r.Kind.Version != "v1" || r.Kind.Kind != "Pod" || r.SubResource != "" || r.Operation != admissionv1.Create {
		return ctrladmission.Allowed("")
	}
	var pod corev1.Pod
	if err := o.decoder.Decode(r, &pod); err != nil {
		response := ctrladmission.Allowed("")
		response.AuditAnnotations = map[string]string{auditReason: undecodable}
		return response
	}
	facts := &rules.Pod{
		Namespace: o.handler.Cluster.Namespace(r.Namespace), Name: pod.Name,
		Labels: pod.Labels, Annotations: pod.Annotations, HostNetwork: pod.Spec.HostNetwork,
		Lot: o.handler.Lot(), GracePeriod: pod.Spec.TerminationGracePeriodSeconds,
	}
	facts.Mesh = o.handler.Cluster.Mesh(istio.Revision(facts.Namespace.Labels, pod.Labels))
	if facts.Name == "" {
		facts.Name = pod.GenerateName
	}
	for _, c := range append(append([]corev1.Container{}, pod.Spec.InitContainers...), pod.Spec.Containers...) {
		var container rules.Container
		convert(&container, c)
		facts.Containers = append(facts.Containers, container)
	}
	convert(&facts.Volumes, pod.Spec.Volumes)
	outcome := o.handler.Decide(o.handler.Store.Set(), facts, o.handler.Options)
	patched := pod.DeepCopy()
	for _, a := range outcome.Set {
		if patched.Annotations == nil {
			patched.Annotations = map[string]string{}
		}
		patched.Annotations[a.Key] = a.Value
	}
	for _, key := range outcome.Remove {
		delete(patched.Annotations, key)
	}
	// Comparing with the pod as the codecs write it, and not with the bytes
	// that came, leaves out of the patch what only the codecs changed.
	before, err := json.Marshal(&pod)
	if err != nil {
		return ctrladmission.Errored(http.StatusInternalServerError, err)
	}
	after, err := json.Marshal(patched)
	if err != nil {
		return ctrladmission.Errored(http.StatusInternalServerError, err)
	}
	response := ctrladmission.PatchResponseFromRaw(before, after)
	response.AuditAnnotations = audit(&outcome)
	for _, w := range outcome.Warnings {
		response.Warnings = append(response.Warnings, w.Text())
	}
	return response
}

// compareWithOracle asks both about one body, and fails where a user would see
// a difference.
func compareWithOracle(t *testing.T, h *PodHandler, o http.Handler, body string) {
	t.Helper()
	got := post(h, body)
	if got.Code >= 400 && got.Code < 500 {
		if !strings.Contains(got.Body.String(), "cannot decode") {
			return // the reference takes any JSON for a review
		}
		reference := post(o, body)
		var review admissionv1.AdmissionReview
		if json.Unmarshal(reference.Body.Bytes(), &review) == nil && review.Response != nil && review.Response.Allowed && strict(body) {
			t.Fatalf("got HTTP %d %s for a review that the reference allows: %s", got.Code, got.Body, clip.Text(body, 2000))
		}
		return
	}
	response := responseOf(t, got)
	if !response.Allowed {
		t.Fatalf("denied a pod: %s", got.Body)
	}
	object, ok := rawObject(body)
	if !ok {
		return
	}
	after := applied(t, object, response.Patch)
	if before := withoutAnnotations(t, object); !cmp.Equal(before, withoutAnnotations(t, after)) {
		t.Fatalf("patch %s changes more than annotations of %s", response.Patch, object)
	}
	if response.Patch != nil {
		again := responseOf(t, post(h, replaceObject(t, body, after)))
		if again.Patch != nil {
			t.Fatalf("asked again with its own result: got patch %s, want none; the first was %s", again.Patch, response.Patch)
		}
	}
	var review admissionv1.AdmissionReview
	if err := json.Unmarshal(post(o, body).Body.Bytes(), &review); err != nil || review.Response == nil || !review.Response.Allowed {
		return // stricter about parts that holdfast does not read
	}
	want := review.Response
	if want.AuditAnnotations[auditReason] == undecodable {
		return
	}
	if response.AuditAnnotations[auditReason] == string(rules.InternalError) {
		t.Fatalf("cannot read a pod that the Kubernetes codecs read: %s", object)
	}
	if response.UID != want.UID {
		t.Fatalf("got uid %q, want %q", response.UID, want.UID)
	}
	if diff := cmp.Diff(want.AuditAnnotations, response.AuditAnnotations); diff != "" {
		t.Fatalf("audit annotations, -reference +got:\n%s", diff)
	}
	if want.AuditAnnotations == nil {
		return // no decision was made
	}
	if diff := cmp.Diff(want.Warnings, response.Warnings); diff != "" {
		t.Fatalf("warnings, -reference +got:\n%s", diff)
	}
	var pod corev1.Pod
	if err := json.Unmarshal([]byte(object), &pod); err != nil {
		return // encoding/json differs from the codecs in odd cases
	}
	reencoded, err := json.Marshal(&pod)
	if err != nil {
		t.Fatal(err)
	}
	reference := annotationsOf(t, applied(t, string(reencoded), want.Patch))
	if diff := cmp.Diff(reference, annotationsOf(t, after)); diff != "" && len(reference)+len(annotationsOf(t, after)) > 0 {
		t.Fatalf("annotations, -reference +got:\n%s", diff)
	}
}

// strict reports whether a text is JSON without duplicate names and broken UTF-8.
// Only there may the two differ: holdfast refuses what readers disagree on.
func strict(body string) bool { return jsontext.Value(body).IsValid() }

// rawObject cuts the pod out of a review, if it has one that is an object.
func rawObject(body string) (string, bool) {
	var r struct {
		Request struct {
			Object json.RawMessage `json:"object"`
		} `json:"request"`
	}
	if json.Unmarshal([]byte(body), &r) != nil {
		return "", false
	}
	var fields map[string]json.RawMessage
	return string(r.Request.Object), json.Unmarshal(r.Request.Object, &fields) == nil && fields != nil
}

func replaceObject(t *testing.T, body, object string) string {
	t.Helper()
	var outer, inner map[string]json.RawMessage
	if err := json.Unmarshal([]byte(body), &outer); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(outer["request"], &inner); err != nil {
		t.Fatal(err)
	}
	inner["object"] = json.RawMessage(object)
	request, err := json.Marshal(inner)
	if err != nil {
		t.Fatal(err)
	}
	outer["request"] = request
	text, err := json.Marshal(outer)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// withoutAnnotations is a pod's text as values, its annotations taken out.
func withoutAnnotations(t *testing.T, pod string) map[string]any {
	t.Helper()
	var object map[string]any
	if err := json.Unmarshal([]byte(pod), &object); err != nil {
		t.Fatal(err)
	}
	metadata, _ := object["metadata"].(map[string]any)
	delete(metadata, "annotations")
	if len(metadata) == 0 {
		delete(object, "metadata")
	}
	return object
}

// seeds are reviews of many shapes, for the comparison and the fuzzer.
func seeds() []string {
	return []string{
		reviewOf(`{"metadata":{"name":"cart"},` + redisEnv + `}`),
		reviewOf(`{"metadata":{"generateName":"cart-","annotations":{"a~b/c":"kept"}},` + redisEnv + `}`),
		reviewOf(`{"metadata":{"labels":{"db":"mysql","watch":"yes"},"annotations":{"traffic.sidecar.istio.io/excludeOutboundPorts":"25,80","holdfast.dev/keepalive":"stale"}}}`),
		reviewOf(`{"metadata":{"labels":{"db":"mysql"},"annotations":{"traffic.sidecar.istio.io/excludeOutboundPorts":"25,","proxy.istio.io/config":"{\"proxyMetadata\": {\"A\": \"b\"}}"}},` + redisEnv + `}`),
		reviewOf(`{"metadata":{"annotations":{"proxy.istio.io/config":"# mine\nproxyMetadata:\n  ISTIO_META_IDLE_TIMEOUT: 2d\n"}},` + redisEnv + `}`),
		reviewOf(`{"metadata":{"annotations":null,"labels":{"holdfast.dev/enabled":"false"}}}`),
		reviewOf(`{"spec":{"hostNetwork":true,"initContainers":[{"name":"i","command":["sh","-c","nc redis 6379"]}],"containers":[{"name":"c","args":["--redis=$(HOST):6379"],"env":[{"name":"HOST","value":"r"},{"name":"X","valueFrom":{"fieldRef":{"fieldPath":"status.podIP"}}}]}]}}`),
		reviewOf(`{}`), reviewOf(`null`), reviewOf(`[]`), reviewOf(`{"metadata":null,"spec":null}`),
		reviewOf(`{"metadata":{"labels":{"a":1}}}`),
		reviewOf(`{}`, `CREATE`, `UPDATE`), reviewOf(`{}`, `"kind":"Pod"`, `"kind":"Node"`),
		`{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{}}`, `{}`, ``, `null`,
	}
}

// The handler that users get and the reference agree.
func TestAgreesWithTheReference(t *testing.T) {
	h := newPodHandler(t, testRules)
	o := newOracle(t, h)
	for _, body := range seeds() {
		compareWithOracle(t, h, o, body)
	}
}

// Whatever is sent, the answer is a 4xx or admits the pod, changes nothing but
// annotations, changes nothing when asked again, and agrees with the reference.
func FuzzPodHandler(f *testing.F) {
	h := newPodHandler(f, testRules)
	o := newOracle(f, h)
	for _, body := range seeds() {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body string) { compareWithOracle(t, h, o, body) })
}

// The pods that a fuzzer does not reach by bytes: parts of a valid pod.
func FuzzPodParts(f *testing.F) {
	h := newPodHandler(f, testRules)
	o := newOracle(f, h)
	f.Add("REDIS_URL", "redis://r:6379", "proxy.istio.io/config", "proxyMetadata: {A: b}", "db", "mysql")
	f.Add("A", "r:6379", "traffic.sidecar.istio.io/excludeOutboundPorts", "25, 26", "db", "mysql")
	f.Add("A", "redis:6379", "proxy.istio.io/config", "# c\nproxy_metadata:\n  ISTIO_META_IDLE_TIMEOUT: 1h\n", "watch", "yes")
	f.Fuzz(func(t *testing.T, env, value, key, annotation, label, labelValue string) {
		pod, err := json.Marshal(map[string]any{
			"metadata": map[string]any{"annotations": map[string]string{key: annotation}, "labels": map[string]string{label: labelValue}},
			"spec":     map[string]any{"containers": []any{map[string]any{"name": "c", "env": []any{map[string]string{"name": env, "value": value}}}}},
		})
		if err != nil {
			t.Fatal(err) // invalid UTF-8 is replaced, so every text has a form in JSON
		}
		compareWithOracle(t, h, o, reviewOf(string(pod)))
	})
}
