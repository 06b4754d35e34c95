package admission

import (
	"net/http"
	"strings"
	"testing"

	"github.com/go-logr/logr/funcr"
	"github.com/google/go-cmp/cmp"

	"github.com/holdfast-mesh/holdfast/istio"
	"github.com/holdfast-mesh/holdfast/rules"
	"github.com/holdfast-mesh/holdfast/rules/decide"
)

const redisEnv = `"spec":{"containers":[{"name":"cart","env":[{"name":"REDIS_URL","value":"redis://:secret@sessions.example.com:6379/0"}]}]}`

// What an API server sends, and what it gets back. Everything but a broken
// request is allowed.
func TestPodHandler(t *testing.T) {
	for _, test := range []struct {
		name    string
		body    string
		reason  rules.Reason // "" where no decision is made
		set     map[string]string
		warning string // a part of one warning
	}{
		{ // one operation per key; a missing map is made
			name: "patched, no annotations yet", body: reviewOf(`{"metadata":{"name":"cart"},` + redisEnv + `}`),
			reason: rules.Patched, set: map[string]string{istio.ProxyConfigAnnotation: "48h"},
		},
		{ // null is the same as missing
			name: "patched, annotations null", body: reviewOf(`{"metadata":{"name":"cart","annotations":null,"labels":null},` + redisEnv + `}`),
			reason: rules.Patched, set: map[string]string{istio.ProxyConfigAnnotation: "48h"},
		},
		{ // an empty map is there, so keys are added to it
			name: "patched, annotations empty", body: reviewOf(`{"metadata":{"name":"cart","annotations":{}},` + redisEnv + `}`),
			reason: rules.Patched, set: map[string]string{istio.ProxyConfigAnnotation: "48h"},
		},
		{ // other annotations stay, also such that need escaping in a pointer
			name: "patched beside others", body: reviewOf(`{"metadata":{"generateName":"cart-","annotations":{"a~b/c":"kept"}},` + redisEnv + `}`),
			reason: rules.Patched, set: map[string]string{istio.ProxyConfigAnnotation: "48h", "a~b/c": "kept"},
		},
		{ // the key is there: replace
			name: "an own list grows", body: reviewOf(`{"metadata":{"name":"a","labels":{"db":"mysql"},"annotations":{"traffic.sidecar.istio.io/excludeOutboundPorts":"25"}}}`),
			reason: rules.Patched, set: map[string]string{istio.ExcludeOutboundPortsAnnotation: "25,3306"},
		},
		{ // without settings of Istio the file's mesh section says what Istio excludes
			name: "mesh defaults carried over", body: reviewOf(`{"metadata":{"name":"a","labels":{"db":"mysql"}}}`),
			reason: rules.Patched, set: map[string]string{istio.ExcludeOutboundPortsAnnotation: "5432,3306"},
		},
		{ // a dry run is answered like a real one
			name: "dry run", body: reviewOf(`{"metadata":{"name":"cart"},`+redisEnv+`}`, `"dryRun":false`, `"dryRun":true`),
			reason: rules.Patched, set: map[string]string{istio.ProxyConfigAnnotation: "48h"},
		},
		{
			name: "nothing to do", body: reviewOf(`{"metadata":{"name":"cart"},"spec":{"containers":[{"name":"a"}]}}`),
			reason: rules.NoRuleMatched,
		},
		{ // an object of nothing is still a pod
			name: "empty pod", body: reviewOf(`{}`), reason: rules.NoRuleMatched,
		},
		{
			name: "opted out", body: reviewOf(`{"metadata":{"labels":{"holdfast.dev/enabled":"false"}},` + redisEnv + `}`),
			reason: rules.OptedOut,
		},
		{ // who believes to have opted out is told
			name: "opted out by another word", body: reviewOf(`{"metadata":{"name":"cart","labels":{"holdfast.dev/enabled":"no"}},` + redisEnv + `}`),
			reason: rules.Patched, set: map[string]string{istio.ProxyConfigAnnotation: "48h"},
			warning: `holdfast: pod label holdfast.dev/enabled is "no": it does nothing, write "true" or "false"`,
		},
		{ // here, unlike in a manifest, it is the order of the webhooks
			name: "injected before", body: reviewOf(`{"metadata":{"name":"cart","annotations":{"sidecar.istio.io/status":"{}"}},` + redisEnv + `}`),
			reason: rules.AlreadyInjected, set: map[string]string{istio.ProxyConfigAnnotation: "48h"},
			warning: "must sort before istio's",
		},
		{
			name: "host network", body: reviewOf(`{"metadata":{"name":"x"},"spec":{"hostNetwork":true,"containers":[{"name":"a","args":["--redis=r:6379"]}]}}`),
			reason: rules.NoSidecar,
		},
		{ // the API server has put the default there
			name: "time to stop last", body: reviewOf(`{"metadata":{"name":"x","labels":{"ends":"gently"}},"spec":{"terminationGracePeriodSeconds":30,"containers":[{"name":"a"}]}}`),
			reason: rules.Patched, set: map[string]string{istio.ProxyConfigAnnotation: "EXIT_ON_ZERO_ACTIVE_CONNECTIONS"},
		},
		{ // too little of it is told to who creates the pod
			name: "no time to stop last", body: reviewOf(`{"metadata":{"name":"x","labels":{"ends":"gently"}},"spec":{"terminationGracePeriodSeconds":5,"containers":[{"name":"a"}]}}`),
			reason: rules.Patched, set: map[string]string{istio.ProxyConfigAnnotation: "EXIT_ON_ZERO_ACTIVE_CONNECTIONS"},
			warning: "terminationGracePeriodSeconds is 5",
		},
		{ // rules that only observe change nothing and say so
			name: "observed", body: reviewOf(`{"metadata":{"labels":{"watch":"yes"}}}`),
			reason: rules.Observed, warning: "watched",
		},
		{ // what this version cannot read is admitted as it is
			name: "a pod of another shape", body: reviewOf(`{"metadata":{"name":"cart","labels":{"a":[1]}}}`),
			reason: rules.InternalError, warning: "cannot read this pod",
		},
		{
			name: "no object", body: reviewOf(`null`),
			reason: rules.InternalError, warning: "cannot read this pod",
		},
		{ // configurations that send too much are told so
			name: "not a pod", body: reviewOf(`{"metadata":{},"spec":{"containers":"none"}}`, `"version":"v1","kind":"Pod"`, `"version":"v1","kind":"Service"`),
			warning: "got v1 Service",
		},
		{
			name: "update", body: reviewOf(`{"metadata":{"name":"cart"},`+redisEnv+`}`, `CREATE`, `UPDATE`), warning: "got UPDATE",
		},
		{
			name: "delete has only an old object", body: reviewOf(`null`, `CREATE`, `DELETE`, `"oldObject":null`, `"oldObject":{"metadata":{"name":"cart"}}`), warning: "got DELETE",
		},
		{
			name: "nothing said", body: reviewOf(`{}`, `{"group":"","version":"v1","kind":"Pod"}`, `null`), warning: "got no kind;",
		},
		{
			name: "no operation", body: reviewOf(`{}`, `CREATE`, ``), warning: "got no operation;",
		},
		{
			name: "subresource", body: reviewOf(`{}`, `"operation"`, `"subResource":"ephemeralcontainers","operation"`), warning: "got subresource ephemeralcontainers",
		},
		{ // fields of newer API versions are ignored
			name: "unknown fields", body: reviewOf(`{"metadata":{"name":"a","new":[{}]},"status":{"x":1e300},"spec":{"future":{"a":null},"containers":[{"name":"a","resizePolicy":[1]}]}}`),
			reason: rules.NoRuleMatched,
		},
		{ // names are compared with their case, as the API server does
			name: "case of names", body: reviewOf(`{"Metadata":{"labels":{"db":"mysql"}},"metadata":{}}`),
			reason: rules.NoRuleMatched,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := newPodHandler(t, testRules)
			h.Cluster = fakeCluster{namespaces: map[string]map[string]string{"shop": {"holdfast.dev/enabled": "true"}}}
			response := responseOf(t, post(h, test.body))
			if !response.Allowed || response.UID != "u-1" {
				t.Errorf("got allowed %v, uid %q, want true, u-1", response.Allowed, response.UID)
			}
			if got := response.AuditAnnotations["reason"]; got != string(test.reason) {
				t.Errorf("got reason %q, want %q", got, test.reason)
			}
			if all := strings.Join(response.Warnings, "\n"); !strings.Contains(all, test.warning) || (test.warning == "" && all != "") {
				t.Errorf("got warnings %q, want one with %q", all, test.warning)
			}
			if test.reason != "" {
				if got := value(t, h.Metrics.pods.WithLabelValues(string(test.reason))); got != 1 {
					t.Errorf("holdfast_pods_total{reason=%q} is %v, want 1", test.reason, got)
				}
			}
			if test.set == nil {
				if response.Patch != nil {
					t.Errorf("got patch %s, want none", response.Patch)
				}
				return
			}
			object := objectOf(t, test.body)
			after := annotationsOf(t, applied(t, object, response.Patch))
			for key, part := range test.set {
				if !strings.Contains(after[key], part) {
					t.Errorf("got %s: %q, want it to contain %q", key, after[key], part)
				}
			}
			// The API server may ask again with the patched pod.
			again := responseOf(t, post(h, strings.Replace(test.body, object, applied(t, object, response.Patch), 1)))
			if again.Patch != nil || again.AuditAnnotations["reason"] != string(rules.AlreadyApplied) {
				t.Errorf("asked again: got %v and patch %s, want AlreadyApplied and none", again.AuditAnnotations, again.Patch)
			}
		})
	}
}

// Whatever goes wrong inside, the pod is admitted, and the answer has the
// review's uid.
func TestPanicAdmits(t *testing.T) {
	h := newPodHandler(t, testRules)
	h.Decide = func(*decide.Set, *rules.Pod, decide.Options) rules.Outcome { panic("defect") }
	response := responseOf(t, post(h, reviewOf(`{"metadata":{"name":"cart"}}`)))
	if !response.Allowed || response.UID != "u-1" || response.Patch != nil {
		t.Errorf("got %+v, want allowed with the uid and no patch", response)
	}
	if len(response.Warnings) != 1 || !strings.Contains(response.Warnings[0], "internal error") {
		t.Errorf("got warnings %q, want one about an internal error", response.Warnings)
	}
	if got := response.AuditAnnotations["reason"]; got != "InternalError" {
		t.Errorf("got reason %q, want InternalError", got)
	}
	if got := value(t, h.Metrics.panics); got != 1 {
		t.Errorf("holdfast_panics_total is %v, want 1", got)
	}
	// An outcome that cannot be encoded is a defect like any other.
	h.Decide = func(*decide.Set, *rules.Pod, decide.Options) rules.Outcome {
		return rules.Outcome{Reason: rules.Patched, Rules: []string{"\xff"}}
	}
	if response := responseOf(t, post(h, reviewOf(`{}`))); !response.Allowed || response.UID != "u-1" || response.Patch != nil {
		t.Errorf("got %+v, want allowed with the uid and no patch", response)
	}
}

// What somebody has to know of stands in the log, with what happened: defects,
// and pods that expect a patch and get none.
func TestPodsLeftAloneAreLogged(t *testing.T) {
	for _, test := range []struct {
		reason    rules.Reason
		pod, want string
	}{
		{rules.TooLarge, `{"metadata":{"name":"cart","annotations":{"x":"` + strings.Repeat("x", 256<<10) + `"}},` + redisEnv + `}`, "245760"},
		{rules.TooLarge, `{"metadata":{"name":"cart"},` + redisEnv + `,"status":{"message":"` + strings.Repeat("x", 14<<20/10) + `"}}`, "1468006"},
		{rules.LeftAlone, `{"metadata":{"name":"cart","annotations":{"proxy.istio.io/config":"["}},` + redisEnv + `}`, "Istio will deny this pod"},
		{rules.InternalError, `{"metadata":{"name":"cart","labels":5}}`, "pod not understood"},
	} {
		t.Run(string(test.reason), func(t *testing.T) {
			var log strings.Builder
			h := newPodHandler(t, testRules)
			h.Log = funcr.New(func(_, args string) { log.WriteString(args + "\n") }, funcr.Options{})
			response := responseOf(t, post(h, reviewOf(test.pod)))
			if got := response.AuditAnnotations["reason"]; got != string(test.reason) || response.Patch != nil || !response.Allowed {
				t.Errorf("got reason %q, allowed %t, patch %q; want %s, no patch", got, response.Allowed, response.Patch, test.reason)
			}
			if text := log.String(); strings.Count(text, "\n") != 1 || !strings.Contains(text, `"reason"="`+string(test.reason)+`"`) || !strings.Contains(text, test.want) {
				t.Errorf("got log %q, want one line with %s and %q", text, test.reason, test.want)
			}
		})
	}
}

// The whole object's size is that of its JSON, to the byte, so that what goes
// into etcd is measured and not what stands around it in the review.
func TestPodSize(t *testing.T) {
	object := `{"metadata": {"name":"cart"}, "spec":{"containers":[{"name":"a","image":"not read"}]}, "x": [1, 2]}`
	h := newPodHandler(t, testRules)
	got := 0
	h.Decide = func(_ *decide.Set, pod *rules.Pod, _ decide.Options) rules.Outcome {
		got = pod.Size
		return rules.Outcome{}
	}
	if post(h, reviewOf(object)); got < len(object) || got > len(object)+2 {
		t.Errorf("got %d bytes, want %d", got, len(object))
	}
}

// http.ErrAbortHandler belongs to net/http.
func TestAbortIsNotSwallowed(t *testing.T) {
	h := newPodHandler(t, testRules)
	h.Decide = func(*decide.Set, *rules.Pod, decide.Options) rules.Outcome { panic(http.ErrAbortHandler) }
	defer func() {
		if caught := recover(); caught != http.ErrAbortHandler {
			t.Errorf("got %v, want http.ErrAbortHandler", caught)
		}
	}()
	post(h, reviewOf(`{}`))
}

// Before the first rules a pod is admitted, and the reason says why unchanged.
func TestNoRulesYet(t *testing.T) {
	response := responseOf(t, post(newPodHandler(t, ""), reviewOf(`{"metadata":{"name":"cart"},`+redisEnv+`}`)))
	if !response.Allowed || response.Patch != nil || response.AuditAnnotations["reason"] != "RulesUnavailable" {
		t.Errorf("got %+v, want allowed, unchanged, RulesUnavailable", response)
	}
}

// Namespace labels and Istio's settings come from the cluster.
func TestClusterFactsReachTheDecision(t *testing.T) {
	h := newPodHandler(t, testRules)
	h.Cluster = fakeCluster{
		namespaces: map[string]map[string]string{
			"shop":   {"holdfast.dev/enabled": "true", "tier": "backend", "istio.io/rev": "canary"},
			"closed": {},
		},
		mesh: map[string]*rules.MeshDefaults{"canary": {ExcludeOutboundPorts: []uint16{25}}},
	}
	pod := `{"metadata":{"labels":{"db":"mysql"}}}`
	response := responseOf(t, post(h, reviewOf(pod)))
	got := annotationsOf(t, applied(t, pod, response.Patch))
	if got[istio.ExcludeOutboundPortsAnnotation] != "25,3306" {
		t.Errorf("got ports %q, want those of revision canary and the rule's", got[istio.ExcludeOutboundPortsAnnotation])
	}
	if !strings.Contains(got[istio.ProxyConfigAnnotation], "43200s") {
		t.Errorf("got %q, want the rule chosen by the namespace's label in force", got[istio.ProxyConfigAnnotation])
	}
	// A namespace without the label was not meant.
	response = responseOf(t, post(h, reviewOf(pod, `"namespace":"shop"`, `"namespace":"closed"`)))
	if got := response.AuditAnnotations["reason"]; got != "NamespaceNotOptedIn" {
		t.Errorf("got %q, want NamespaceNotOptedIn", got)
	}
	// One that the cache has not seen yet was let through by the API server's
	// selector.
	response = responseOf(t, post(h, reviewOf(pod, `"namespace":"shop"`, `"namespace":"new"`)))
	if got := response.AuditAnnotations["reason"]; got != "Patched" {
		t.Errorf("got %q, want Patched", got)
	}
}

// A pod whose annotations need an object that the mesh lacks is patched all the
// same; its author is told once, with all that is missing.
func TestMissingMeshObjects(t *testing.T) {
	const text = `apiVersion: holdfast.dev/v1alpha1
kind: Rules
rules:
- {name: a, destinations: {ports: [6379]}, strategy: {idleTimeout: 2h, scope: Destinations}}
- {name: b, destinations: {ports: [6379]}, strategy: {idleTimeout: 2h, keepalive: {time: 120s, interval: 30s, probes: 3}}}
`
	const destinations, alive = "holdfast-destinations-v1", "holdfast-keepalive-120s-30s-3"
	for _, test := range []struct {
		rule    string
		missing []string
		want    []string
	}{
		{"all are there", nil, nil},
		{"one is missing", []string{alive}, []string{"holdfast: the mesh lacks " + alive + "; apply what `holdfast render` prints"}},
		{"both are", []string{alive, destinations}, []string{"holdfast: the mesh lacks " + destinations + ", " + alive + "; apply what `holdfast render` prints"}},
		{"another one is", []string{"holdfast-keepalive-1s-1s-1"}, nil},
	} {
		h := newPodHandler(t, text)
		h.Cluster = fakeCluster{missing: test.missing}
		pod := `{"metadata":{"name":"cart"}}`
		for round := 1; round <= 2; round++ { // from the memo, and with the annotations
			response := responseOf(t, post(h, reviewOf(pod)))
			if diff := cmp.Diff(test.want, response.Warnings); diff != "" {
				t.Errorf("%s: (-want +got)\n%s", test.rule, diff)
			}
			if got := value(t, h.Metrics.warnings.WithLabelValues("MeshObjectMissing")); got != float64(round*len(test.want)) {
				t.Errorf("%s: got %v warnings counted after %d pods, want %d each", test.rule, got, round, len(test.want))
			}
			pod = applied(t, pod, response.Patch)
		}
		if text := annotationsOf(t, pod)[istio.ProxyConfigAnnotation]; !strings.Contains(text, istio.KeepaliveMetadata) {
			t.Errorf("%s: got %q, want the annotations all the same", test.rule, text)
		}
	}
}

// Operations come in the order of their keys, escaped, each with the right verb.
func TestPodPatch(t *testing.T) {
	outcome := &rules.Outcome{
		Set:    []rules.Annotation{{Key: "a/b", Value: "1"}, {Key: "c~d", Value: "\"2\n"}},
		Remove: []string{"b", "gone"},
	}
	for _, test := range []struct {
		name string
		pod  *podObject
		want string
	}{
		{"no metadata", &podObject{}, `[{"op":"add","path":"/metadata","value":{"annotations":{"a/b":"1","c~d":"\"2\n"}}}]`},
		{"no annotations", &podObject{Metadata: &podMetadata{}}, `[{"op":"add","path":"/metadata/annotations","value":{"a/b":"1","c~d":"\"2\n"}}]`},
		{
			"some", &podObject{Metadata: &podMetadata{Annotations: map[string]string{"b": "x", "c~d": "y"}}},
			`[{"op":"add","path":"/metadata/annotations/a~1b","value":"1"},{"op":"remove","path":"/metadata/annotations/b"},{"op":"replace","path":"/metadata/annotations/c~0d","value":"\"2\n"}]`,
		},
	} {
		got, err := podPatch(test.pod, outcome)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(test.want, string(got)); diff != "" {
			t.Errorf("%s: -want +got\n%s", test.name, diff)
		}
	}
	if got, _ := podPatch(&podObject{}, &rules.Outcome{Remove: []string{"a"}}); got != nil {
		t.Errorf("got %s, want no patch where there is nothing to remove", got)
	}
}

// A warning is one line that every API server passes on whole.
func TestWarningText(t *testing.T) {
	for _, test := range []struct{ in, want string }{
		{"short", "holdfast: short"},
		{"two\nlines\there", "holdfast: two lines here"},
		{"an escape \x1b[1m, a \u009b, a \x00 and a \u2028", "holdfast: an escape [1m, a , a and a"},
		{strings.Repeat("ü", 100), "holdfast: " + strings.Repeat("ü", 53) + "..."},
	} {
		if got := rules.WarningText(test.in); got != test.want {
			t.Errorf("got %q, want %q", got, test.want)
		}
	}
}

// Each pod draws a lot of its own; what it drew stays when the webhook is called again.
func TestEachPodDrawsItsOwn(t *testing.T) {
	h := newPodHandler(t, testRules)
	lots := []float64{0.1, 0.6, 0.9}
	h.Lot = func() float64 {
		lot := lots[0]
		lots = lots[1:]
		return lot
	}
	const object = `{"metadata":{"generateName":"a-","labels":{"drains":"apart"}},"spec":{"containers":[{"name":"a"}]}}`
	drawn := func(body string) (annotation string, patch []byte) {
		response := responseOf(t, post(h, body))
		pod, ok := rawObject(body)
		if !ok {
			t.Fatalf("got no pod in %s", body)
		}
		return annotationsOf(t, applied(t, pod, response.Patch))[istio.ProxyConfigAnnotation], response.Patch
	}
	body := reviewOf(object)
	first, patch := drawn(body)
	second, _ := drawn(body)
	if !strings.HasPrefix(first, "drainDuration: \"") || first == second {
		t.Errorf("got %q and %q, want two values that differ", first, second)
	}
	if again, patch := drawn(replaceObject(t, body, applied(t, object, patch))); again != first || patch != nil {
		t.Errorf("got %q (patch %s) when asked again, want %q as before", again, patch, first)
	}
}

// A lot is over 0, which says that there is none, and up to 1.
func TestRandomLot(t *testing.T) {
	seen := map[float64]bool{}
	for range 1000 {
		lot := RandomLot()
		if lot <= 0 || lot > 1 {
			t.Fatalf("got %g, want over 0 and up to 1", lot)
		}
		seen[lot] = true
	}
	if len(seen) < 990 {
		t.Errorf("got %d different lots of 1000, want nearly all", len(seen))
	}
}
