package cluster

import (
	"strings"
	"testing"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	toolscache "k8s.io/client-go/tools/cache"

	"github.com/holdfast-mesh/holdfast/istio"
)

// injector is the ConfigMap that istiod's chart makes for a revision.
func injector(name, values string) *corev1.ConfigMap {
	return &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: name}, Data: map[string]string{"config": "templates", "values": values}}
}

// tagged is the webhook configuration that 'istioctl tag set' makes.
func tagged(name, tag, revision string) *labelled {
	return &labelled{name: name, labels: map[string]string{"istio.io/tag": tag, "istio.io/rev": revision}}
}

// What Istio's chart and Helm write, and what is no setting of Istio's.
func TestInjectorValues(t *testing.T) {
	for _, test := range []struct{ rule, values, ports, prefixes, err string }{
		{"nothing excluded", `{"global":{"proxy":{"excludeOutboundPorts":"","excludeIPRanges":""}}}`, "", "", ""},
		{"other keys count for nothing", `{"revision":"","global":{"proxy":{"image":"proxyv2"}},"x":[1]}`, "", "", ""},
		{"lists", `{"global":{"proxy":{"excludeOutboundPorts":"25, 5432","excludeIPRanges":"10.0.0.0/8"}}}`, "25,5432", "10.0.0.0/8", ""},
		{"--set makes a number of one port", `{"global":{"proxy":{"excludeOutboundPorts":5432}}}`, "5432", "", ""},
		{"a values file makes it a float", `{"global":{"proxy":{"excludeOutboundPorts":5.432e3}}}`, "5432", "", ""},
		{"null is nothing", `{"global":{"proxy":{"excludeOutboundPorts":null}}}`, "", "", ""},
		{"a fraction is no port", `{"global":{"proxy":{"excludeOutboundPorts":0.5}}}`, "", "", "got 0.5, want a string"},
		{"a list is no text", `{"global":{"proxy":{"excludeOutboundPorts":[25]}}}`, "", "", "got [25], want a string"},
		{"what Istio would refuse", `{"global":{"proxy":{"excludeOutboundPorts":"http"}}}`, "", "", "global.proxy.excludeOutboundPorts: "},
		{"prefixes too", `{"global":{"proxy":{"excludeIPRanges":"10.0.0.0/99"}}}`, "", "", "global.proxy.excludeIPRanges: "},
		{"no JSON", `global: {}`, "", "", `key "values": `},
		{"no key", "", "", "", `got no key "values"`},
	} {
		got, err := parseInjectorValues(test.values)
		switch {
		case test.err != "":
			if err == nil || !strings.Contains(err.Error(), test.err) || got != nil {
				t.Errorf("%s: got %v, %v, want an error with %q", test.rule, got, err, test.err)
			}
		case err != nil:
			t.Errorf("%s: %v", test.rule, err)
		case istio.FormatPorts(got.ExcludeOutboundPorts) != test.ports || istio.FormatPrefixes(got.ExcludeOutboundIPRanges) != test.prefixes:
			t.Errorf("%s: got %+v, want ports %q and prefixes %q", test.rule, got, test.ports, test.prefixes)
		}
	}
}

// Istio starts every sidecar first where it was installed so, unless a lifecycle of the
// installation's own has taken the place of the hook.
func TestInjectorStartsFirst(t *testing.T) {
	for values, want := range map[string]bool{
		`{"global":{"proxy":{"image":"proxyv2"}}}`:                                                                      false,
		`{"global":{"proxy":{"holdApplicationUntilProxyStarts":false}}}`:                                                false,
		`{"global":{"proxy":{"holdApplicationUntilProxyStarts":null}}}`:                                                 false,
		`{"global":{"proxy":{"holdApplicationUntilProxyStarts":true}}}`:                                                 true,
		`{"global":{"proxy":{"holdApplicationUntilProxyStarts":true,"lifecycle":{}}}}`:                                  true,
		`{"global":{"proxy":{"holdApplicationUntilProxyStarts":true,"lifecycle":{"preStop":{"exec":{"command":[]}}}}}}`: false,
	} {
		got, err := parseInjectorValues(values)
		if err != nil || got.StartsFirst != want {
			t.Errorf("%s: got %+v, %v, want it to start first: %v", values, got, err, want)
		}
	}
}

// Settings by revision, and by tag where one leads to a revision that is known.
func TestSettingsIndex(t *testing.T) {
	index := settingsIndex{log: logr.Discard()}
	want := func(revision, ports string) {
		t.Helper()
		got := "unknown"
		if mesh := index.get(revision); mesh != nil {
			got = istio.FormatPorts(mesh.ExcludeOutboundPorts)
		}
		if got != ports {
			t.Errorf("revision %s: got %s, want %s", revision, got, ports)
		}
	}
	values := func(port string) string { return `{"global":{"proxy":{"excludeOutboundPorts":"` + port + `"}}}` }
	want("default", "unknown")
	index.set(injector("istio-sidecar-injector", values("1")))
	index.set(injector("istio-sidecar-injector-v2", values("2")))
	index.set(injector("istio", values("3"))) // the mesh's own ConfigMap
	index.set(injector("istio-sidecar-injectors", values("4")))
	want("default", "1")
	want("v2", "2")
	want("s", "unknown")
	// A tag wins over a revision of its name, if it leads anywhere.
	index.setTag(tagged("b", "default", "v2"))
	want("default", "2")
	index.setTag(tagged("a", "default", "gone"))
	want("default", "2")
	index.setTag(tagged("c", "prod", "gone"))
	want("prod", "unknown")
	index.removeTag(tagged("b", "default", "v2"))
	want("default", "1")
	// Of two that claim a tag the last by name has it, on every replica.
	for name, revision := range map[string]string{"d": "default", "e": "default", "f": "v2"} {
		index.setTag(tagged(name, "twice", revision))
	}
	for range 20 { // in whatever order a map gives them
		index.setTag(tagged("d", "twice", "default"))
		want("twice", "2")
	}
	// What cannot be read is not known any more.
	index.set(injector("istio-sidecar-injector-v2", "broken"))
	want("v2", "unknown")
	index.remove(injector("istio-sidecar-injector", ""))
	want("default", "unknown")
	index.set(injector("istio-sidecar-injector", values("5")))
	index.reset()
	want("default", "unknown")
}

// A watch that was away is told of a deletion by the last state that it knew.
func TestEventHandler(t *testing.T) {
	var told []string
	handler := eventHandler(
		func(c *corev1.ConfigMap) { told = append(told, "set "+c.Name) },
		func(c *corev1.ConfigMap) { told = append(told, "gone "+c.Name) })
	configMap := injector("a", "")
	handler.OnAdd(configMap, true)
	handler.OnUpdate(injector("old", ""), configMap)
	handler.OnDelete(configMap)
	handler.OnDelete(toolscache.DeletedFinalStateUnknown{Key: "ns/a", Obj: configMap})
	handler.OnAdd(tagged("other", "", ""), false)
	handler.OnDelete(toolscache.DeletedFinalStateUnknown{Key: "ns/b"})
	if got, want := strings.Join(told, ", "), "set a, set a, gone a, gone a"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
