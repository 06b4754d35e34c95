package admission

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// bigReview is a review as an API server sends it for a pod of two containers
// with probes, resources, volumes and 40 variables, managed fields included:
// 13 KB.
func bigReview() string { return reviewWith(20) }

// fatReview is the same with 242 variables, and so 58 KB.
func fatReview() string { return reviewWith(121) }

// reviewWith is a review of a pod with so many variables in each of two containers.
func reviewWith(variables int) string {
	var env, fields strings.Builder
	for i := range variables {
		fmt.Fprintf(&env, `{"name":"FEATURE_FLAG_%02d","value":"https://flags.internal.example.com/v2/teams/shop/environments/production/flags/%02d?default=off&refresh=30s&sample=0.25"},`, i, i)
		fmt.Fprintf(&fields, `"k:{\"name\":\"FEATURE_FLAG_%02d\"}":{".":{},"f:name":{},"f:value":{}},`, i)
	}
	container := func(name, extra string) string {
		return fmt.Sprintf(`{"name":%q,"image":"registry.example.com/shop/%s:1.27.3","command":["/app/%s"],`+
			`"args":["--listen=:8080","--log-level=info","--shutdown-grace=20s"],`+
			`"ports":[{"name":"http","containerPort":8080,"protocol":"TCP"}],"env":[%s%s{"name":"POD_IP","valueFrom":{"fieldRef":{"apiVersion":"v1","fieldPath":"status.podIP"}}}],`+
			`"resources":{"limits":{"memory":"512Mi"},"requests":{"cpu":"250m","memory":"512Mi"}},`+
			`"volumeMounts":[{"name":"config","mountPath":"/etc/app"},{"name":"kube-api-access-x7k2p","readOnly":true,"mountPath":"/var/run/secrets/kubernetes.io/serviceaccount"}],`+
			`"livenessProbe":{"httpGet":{"path":"/live","port":"http","scheme":"HTTP"},"timeoutSeconds":1,"periodSeconds":10,"successThreshold":1,"failureThreshold":3},`+
			`"readinessProbe":{"httpGet":{"path":"/ready","port":"http","scheme":"HTTP"},"timeoutSeconds":1,"periodSeconds":10,"successThreshold":1,"failureThreshold":3},`+
			`"terminationMessagePath":"/dev/termination-log","terminationMessagePolicy":"File","imagePullPolicy":"IfNotPresent","securityContext":{"capabilities":{"drop":["ALL"]},"runAsNonRoot":true,"readOnlyRootFilesystem":true,"allowPrivilegeEscalation":false}}`,
			name, name, name, env.String(), extra)
	}
	pod := `{"kind":"Pod","apiVersion":"v1","metadata":{"generateName":"cart-7d9c6b8f5-","namespace":"shop","uid":"","creationTimestamp":null,` +
		`"labels":{"app":"cart","pod-template-hash":"7d9c6b8f5","version":"v1"},"annotations":{"prometheus.io/scrape":"true","checksum/config":"` + strings.Repeat("0123456789abcdef", 4) + `"},` +
		`"ownerReferences":[{"apiVersion":"apps/v1","kind":"ReplicaSet","name":"cart-7d9c6b8f5","uid":"0e7e64d0-5b4c-4c1c-9d3c-6f8a8f0a6f5e","controller":true,"blockOwnerDeletion":true}],` +
		`"managedFields":[{"manager":"kube-controller-manager","operation":"Update","apiVersion":"v1","time":"2026-01-01T00:00:00Z","fieldsType":"FieldsV1","fieldsV1":{"f:spec":{"f:containers":{"k:{\"name\":\"cart\"}":{".":{},"f:env":{` + fields.String() + `".":{}},"f:image":{},"f:name":{}},"k:{\"name\":\"sync\"}":{".":{},"f:env":{` + fields.String() + `".":{}},"f:image":{}}}}}}]},` +
		`"spec":{"volumes":[{"name":"config","configMap":{"name":"cart","defaultMode":420}}],"containers":[` +
		container("cart", `{"name":"REDIS_URL","value":"redis://sessions.example.com:6379/0"},`) + "," + container("sync", "") +
		`],"restartPolicy":"Always","terminationGracePeriodSeconds":30,"dnsPolicy":"ClusterFirst","serviceAccountName":"cart","securityContext":{},"schedulerName":"default-scheduler","tolerations":[{"key":"node.kubernetes.io/not-ready","operator":"Exists","effect":"NoExecute","tolerationSeconds":300}],"priority":0,"enableServiceLinks":true,"preemptionPolicy":"PreemptLowerPriority"},"status":{}}`
	return reviewOf(pod)
}

// discard is a ResponseWriter that costs nothing.
type discard struct{ header http.Header }

func (d discard) Header() http.Header         { return d.header }
func (d discard) Write(p []byte) (int, error) { return len(p), nil }
func (d discard) WriteHeader(int)             {}

func benchmarkHandler(b *testing.B, body string) {
	h := newPodHandler(b, testRules)
	h.Cluster = fakeCluster{namespaces: map[string]map[string]string{"shop": {"holdfast.dev/enabled": "true"}}}
	responseOf(b, post(h, body))
	header := http.Header{"Content-Type": {"application/json"}}
	b.ReportAllocs()
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		r := httptest.NewRequest(http.MethodPost, MutatePodsPath, strings.NewReader(body))
		r.Header = header
		h.ServeHTTP(discard{http.Header{}}, r)
	}
}

// BenchmarkHandler13KB is a whole review, from body to answer, without TLS: the
// pod is patched.
func BenchmarkHandler13KB(b *testing.B) { benchmarkHandler(b, bigReview()) }

// BenchmarkHandlerNothingToDo is the same for a pod that no rule matches.
func BenchmarkHandlerNothingToDo(b *testing.B) {
	benchmarkHandler(b, strings.Replace(bigReview(), "redis://sessions.example.com:6379/0", "http://example.com", 1))
}

// The benchmark means what it says: the size, and a patched pod.
func TestBigReview(t *testing.T) {
	if size := len(bigReview()); size < 12_500 || size > 13_500 {
		t.Errorf("got %d bytes, want about 13,000", size)
	}
	if size := len(fatReview()); size < 55_000 || size > 60_000 {
		t.Errorf("got %d bytes, want about 58,000", size)
	}
	if response := responseOf(t, post(newPodHandler(t, testRules), bigReview())); len(response.Patch) == 0 {
		t.Errorf("got no patch, want one: %v", response.AuditAnnotations)
	}
}
