package decide

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/holdfast-mesh/holdfast/istio"
	"github.com/holdfast-mesh/holdfast/istio/proxyconfig"
	"github.com/holdfast-mesh/holdfast/rules"
)

// A pod gets ten warnings at most, and the number of the others.
func TestWarningsAreFew(t *testing.T) {
	var w warnings
	for range 15 {
		w.add("Code", "text", "", "")
	}
	all := w.all()
	if last := all[len(all)-1]; len(all) != maxWarnings+1 || last.Code != rules.WarnMore || !strings.HasPrefix(last.Message, "5 more") {
		t.Errorf("got %v, want ten warnings and one that counts five more", all)
	}
}

// The outcome names the objects of the mesh that the annotations wait for, also
// on a pod that carries them already, and no others.
func TestMeshObjects(t *testing.T) {
	const (
		alive  = "- name: alive\n  destinations: {ports: [6379]}\n  strategy: {idleTimeout: 2h, keepalive: {time: %s, interval: 30s, probes: 3}}\n"
		scoped = "- name: scoped\n  mode: %s\n  destinations: {ports: [6379]}\n  strategy: {idleTimeout: 2h, scope: Destinations}\n"
	)
	both := fmt.Sprintf(scoped+alive, rules.Enforce, "2m")
	eager := fmt.Sprintf(alive, "2m") + strings.Replace(fmt.Sprintf(alive, "1m"), "alive", "eager", 1)
	for _, test := range []struct {
		rule, text string
		pod        *rules.Pod
		want       []string
	}{
		{"of every strategy that needs one", both, shopPod(), []string{"holdfast-destinations-v1", "holdfast-keepalive-120s-30s-3"}},
		{"of the keepalive that wins, once", eager, shopPod(), []string{"holdfast-keepalive-60s-30s-3"}},
		{"of rules that are enforced", fmt.Sprintf(scoped+alive, rules.Observe, "2m"), shopPod(), []string{"holdfast-keepalive-120s-30s-3"}},
		{"none for what Istio reads itself", bypassMySQL, shopPod(), nil},
		{"none where nothing is written", both, shopPod(istio.ProxyConfigAnnotation, "concurrency: [1]"), nil},
		{"none for a pod that is left out", both, shopPod(rules.EnabledKey, "false"), nil},
	} {
		set := compileRules(t, "rules:\n"+strings.TrimPrefix(test.text, "rules:\n"))
		o := set.Decide(test.pod, Options{})
		if !slices.Equal(o.MeshObjects, test.want) {
			t.Errorf("%s: got %q, want %q", test.rule, o.MeshObjects, test.want)
		}
		apply(test.pod, o)
		if again := set.Decide(test.pod, Options{}); !slices.Equal(again.MeshObjects, test.want) {
			t.Errorf("%s: got %q (%s) the second time, want %q", test.rule, again.MeshObjects, again.Reason, test.want)
		}
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
