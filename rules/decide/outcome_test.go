package decide

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/holdfast-mesh/holdfast/istio"
	"github.com/holdfast-mesh/holdfast/istio/proxyconfig"
	"github.com/holdfast-mesh/holdfast/rules"
)

// Observing rules change nothing and show what they would.
func TestObserve(t *testing.T) {
	set := compileRules(t, bypassMySQL+"- name: redis\n  mode: Observe\n  destinations: {ports: [6379]}\n  strategy: {bypass: Ports}\n")
	o := set.Decide(shopPod(), Options{})
	value := func(list []rules.Annotation) string {
		i := slices.IndexFunc(list, func(a rules.Annotation) bool { return a.Key == istio.ExcludeOutboundPortsAnnotation })
		return list[i].Value
	}
	if o.Reason != rules.Patched || value(o.Set) != "3306" || value(o.Would) != "3306,6379" ||
		!slices.Equal(o.Rules, []string{"mysql"}) || !slices.Equal(o.Observed, []string{"redis"}) {
		t.Errorf("got %+v, want 3306 set and 3306,6379 shown", o)
	}
	if len(o.Warnings) != 1 || o.Warnings[0].Code != rules.WarnObserved || !strings.Contains(o.Warnings[0].Message, "redis") {
		t.Errorf("got %v, want one warning that names redis", o.Warnings)
	}
}

// The outcome names the objects of the mesh that rules wait for which are enforced, also on
// a pod that carries the annotations already.
func TestMeshObjects(t *testing.T) {
	set := compileRules(t, `rules:
- name: scoped
  mode: Observe
  destinations: {ports: [6379]}
  strategy: {idleTimeout: 2h, scope: Destinations}
- name: alive
  destinations: {ports: [6379]}
  strategy: {idleTimeout: 2h, keepalive: {time: 2m, interval: 30s, probes: 3}}
`)
	pod, want := shopPod(), []string{"holdfast-keepalive-120s-30s-3"}
	for range 2 {
		o := set.Decide(pod, Options{})
		if !slices.Equal(o.MeshObjects, want) {
			t.Errorf("%s: got %q, want %q", o.Reason, o.MeshObjects, want)
		}
		apply(pod, o)
	}
	if o := set.Decide(shopPod(rules.EnabledKey, "false"), Options{}); o.MeshObjects != nil {
		t.Errorf("got %q for a pod that is left out, want none", o.MeshObjects)
	}
}

// Whatever rules and pod: what the annotations select in the mesh is what the
// outcome names.
func TestMeshObjectsProperty(t *testing.T) {
	named := 0
	rapid.Check(t, func(t *rapid.T) {
		pod := drawPod(t)
		o := Compile(drawFile(t)).Decide(pod, Options{})
		if len(o.Set)+len(o.Remove) == 0 {
			return // what is on it may be the author's
		}
		apply(pod, o)
		config, err := proxyconfig.Parse(pod.Annotations[istio.ProxyConfigAnnotation])
		if err != nil {
			return // left alone
		}
		var want []string
		if _, ok := config.Metadata(istio.HoldfastMetadata); ok {
			want = append(want, istio.DestinationsObject)
		}
		if text, ok := config.Metadata(istio.KeepaliveMetadata); ok {
			k, err := istio.ParseKeepalive(text)
			if err != nil {
				t.Fatal(err)
			}
			want = append(want, k.ObjectName())
		}
		if !slices.Equal(o.MeshObjects, want) {
			t.Fatalf("got %q, want %q for %q", o.MeshObjects, want, pod.Annotations)
		}
		named += len(want)
	})
	if named == 0 {
		t.Error("no case needed an object, so nothing was tested")
	}
}

// seenWhole reports whether a client gets to see all of a warning, or of the form
// of it that is made for clients.
func seenWhole(w *rules.Warning) bool {
	message := w.Message
	if w.Short != "" {
		message = w.Short
	}
	return strings.HasSuffix(w.Text(), message)
}
