package envoyfilters

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	networking "istio.io/client-go/pkg/apis/networking/v1alpha3"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/holdfast-mesh/holdfast/mesh"
	"github.com/holdfast-mesh/holdfast/rules"
	"github.com/holdfast-mesh/holdfast/test/rulesfile"
)

func makeNamespace(t *testing.T, name string) {
	t.Helper()
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}
	if err := shared.Client.Create(t.Context(), namespace); client.IgnoreAlreadyExists(err) != nil {
		t.Fatal(err)
	}
}

// both is a file with one keepalive and one gateway, and a rule that needs the
// object which is none of this package's business.
func both(t *testing.T, mode rules.Mode, seconds, gatewaySeconds int) *rules.File {
	t.Helper()
	return rulesfile.Of(t, "mode: "+string(mode)+"\nrules:\n"+scopedRule+fmt.Sprintf(aliveRule, "r", seconds)+"gateways:\n"+fmt.Sprintf(gatewayRule, "public", gatewaySeconds))
}

// What the rules need is created, whoever has not waited for it, labelled and
// owned; an object that is as it should be is never written again.
func TestCreated(t *testing.T) {
	clean(t)
	makeNamespace(t, "edge")
	var writes counter
	r := start(t, writes.count(shared.config, http.MethodPatch, "/apis/networking.istio.io/"), nil)
	file := both(t, rules.Enforce, 120, 300)
	r.Follow(file)
	eventually(t, "both objects", func() (bool, string) { return same(t, needs(file)...) })
	versions := map[string]string{}
	for name, o := range list(t) {
		if !isOwn(o) || o.Labels[mesh.NameLabel] != mesh.NameValue || len(o.ManagedFields) != 1 ||
			o.ManagedFields[0].Manager != manager || o.ManagedFields[0].Operation != metav1.ManagedFieldsOperationApply {
			t.Errorf("%s: got labels %v and managers %+v, want those of one manager that applies", name, o.Labels, o.ManagedFields)
		}
		versions[name] = o.ResourceVersion
	}
	eventually(t, "the metric", func() (bool, string) {
		return r.objects(mesh.KindKeepalive, present) == 1 && r.objects(mesh.KindGateway, present) == 1, ""
	})
	// The next value; the other objects stay as they are.
	r.Follow(rulesfile.Of(t, "rules:\n"+fmt.Sprintf(aliveRule, "r", 120)+fmt.Sprintf(aliveRule, "s", 60)+"gateways:\n"+fmt.Sprintf(gatewayRule, "public", 300)))
	eventually(t, "the object of the new value", func() (bool, string) {
		_, ok := list(t)["istio-system/holdfast-keepalive-60s-30s-3"]
		return ok, ""
	})
	for name, o := range list(t) {
		if before, ok := versions[name]; ok && o.ResourceVersion != before {
			t.Errorf("%s was written again", name)
		}
	}
	if n := writes.Load(); n != 3 {
		t.Errorf("got %d writes for three objects, want one each", n)
	}
}

// An object that somebody has changed says again what the rules need, and one
// that somebody has deleted comes back. Two who disagree do not write all the
// time.
func TestDrift(t *testing.T) {
	clean(t)
	file := alive(t, 120)
	want := needs(file)[0]
	key := keyOf(want)
	for _, test := range []struct {
		what   string
		change func(*networking.EnvoyFilter)
	}{
		{"a value", func(o *networking.EnvoyFilter) { o.Spec.ConfigPatches[0].Match.Context = 1 }},
		{"a field more", func(o *networking.EnvoyFilter) { o.Spec.Priority = -5 }},
		{"everything", func(o *networking.EnvoyFilter) { o.Spec.ConfigPatches = nil }},
		{"a label", func(o *networking.EnvoyFilter) { delete(o.Labels, mesh.KindLabel) }},
		{"the label that is watched", func(o *networking.EnvoyFilter) { delete(o.Labels, mesh.NameLabel) }},
	} {
		t.Run(test.what, func(t *testing.T) {
			r := start(t, shared.config, nil)
			r.Follow(file)
			eventually(t, "the object", func() (bool, string) { return same(t, want) })
			edit(t, key, test.change)
			eventually(t, "the repair", func() (bool, string) {
				ok, got := same(t, want)
				o := list(t)[key.String()]
				return ok && labelled(o, want), fmt.Sprint(got, o.Labels)
			})
		})
	}
	t.Run("deleted", func(t *testing.T) {
		r := start(t, shared.config, nil)
		r.Follow(file)
		eventually(t, "the object", func() (bool, string) { return same(t, want) })
		if err := shared.admin.Delete(t.Context(), list(t)[key.String()]); err != nil {
			t.Fatal(err)
		}
		eventually(t, "it again", func() (bool, string) { return same(t, want) })
	})
	t.Run("again and again", func(t *testing.T) {
		r := start(t, shared.config, func(m *Manager) { m.times.repair = 6 * time.Second })
		r.Follow(file)
		priority := func(o *networking.EnvoyFilter) { o.Spec.Priority = 7 }
		eventually(t, "the object", func() (bool, string) { return same(t, want) })
		begin := time.Now()
		edit(t, key, priority)
		eventually(t, "the first repair", func() (bool, string) { return same(t, want) })
		edit(t, key, priority)
		eventually(t, "a metric that says it", func() (bool, string) { return r.objects(mesh.KindKeepalive, missing) == 1, "" })
		eventually(t, "the second repair", func() (bool, string) { return same(t, want) })
		if took := time.Since(begin); took < 6*time.Second {
			t.Errorf("repaired twice within %s, want no more than every 6 s", took)
		}
	})
}

// Objects of others are left alone, whatever labels they have. One that says
// what is needed is as good as an own one; one that does not is told once.
func TestForeign(t *testing.T) {
	file := alive(t, 120)
	want := needs(file)[0]
	key := keyOf(want)
	for _, test := range []struct {
		what   string
		change func(*networking.EnvoyFilter)
		state  state
	}{
		{"what render prints", func(*networking.EnvoyFilter) {}, present},
		{"changed", func(o *networking.EnvoyFilter) { o.Spec.Priority = 3 }, foreign},
		{"changed, without any label", func(o *networking.EnvoyFilter) { o.Spec.Priority, o.Labels = 3, nil }, foreign},
		{"of another manager", func(o *networking.EnvoyFilter) { o.Spec.Priority, o.Labels[ownerLabel] = 3, "Helm" }, foreign},
	} {
		t.Run(test.what, func(t *testing.T) {
			clean(t)
			theirs := typed(needs(alive(t, 120))[0])
			test.change(theirs)
			if err := shared.admin.Create(t.Context(), theirs); err != nil {
				t.Fatal(err)
			}
			r := start(t, shared.config, nil)
			r.Follow(file)
			eventually(t, "the metric", func() (bool, string) { return r.objects(mesh.KindKeepalive, test.state) == 1, "" })
			r.awake()
			r.Follow(alive(t)) // nor does it go when no rule needs it
			stays(t, "left alone", func() (bool, string) {
				o := list(t)[key.String()]
				return o != nil && o.ResourceVersion == theirs.ResourceVersion, fmt.Sprint(o)
			})
			r.Follow(file)
			eventually(t, "the metric", func() (bool, string) { return r.objects(mesh.KindKeepalive, test.state) == 1, "" })
			if told := r.told(); test.state == present && len(told) != 0 {
				t.Errorf("got Events %q, want none", told)
			} else if test.state == foreign && (len(told) == 0 || !strings.HasPrefix(told[0], eventForeign+": EnvoyFilter "+key.String())) {
				t.Errorf("got Events %q, want one that names it", told)
			}
			// When it goes, an own one comes; nobody sees the end of one without labels.
			if err := shared.admin.Delete(t.Context(), theirs); err != nil {
				t.Fatal(err)
			}
			r.awake()
			eventually(t, "an own object", func() (bool, string) {
				o := list(t)[key.String()]
				return o != nil && isOwn(o), ""
			})
		})
	}
	t.Run("told once", func(t *testing.T) {
		clean(t)
		theirs := typed(needs(alive(t, 120))[0])
		theirs.Spec.Priority = 3
		if err := shared.admin.Create(t.Context(), theirs); err != nil {
			t.Fatal(err)
		}
		r := start(t, shared.config, nil)
		r.Follow(file)
		eventually(t, "an Event", func() (bool, string) { return len(r.told()) > 0, "" })
		for range 5 {
			edit(t, key, func(o *networking.EnvoyFilter) { o.Spec.Priority++ })
		}
		stays(t, "told once", func() (bool, string) { return len(r.told()) == 1, fmt.Sprint(r.told()) })
	})
}

// Objects of gateways follow their entries. While the file only observes they
// are neither made, nor changed, nor deleted.
func TestGateways(t *testing.T) {
	clean(t)
	makeNamespace(t, "edge")
	r := start(t, shared.config, nil)
	gateway := func(seconds int) mesh.Object { return needs(both(t, rules.Enforce, 120, seconds))[1] }
	keepalive := needs(both(t, rules.Enforce, 120, 300))[0]
	kept := func(want ...mesh.Object) func() (bool, string) {
		return func() (bool, string) { return same(t, append(want, keepalive)...) }
	}
	r.Follow(both(t, rules.Observe, 120, 300))
	eventually(t, "the object of the keepalive", kept())
	stays(t, "no gateway while the file observes", kept())
	r.Follow(both(t, rules.Enforce, 120, 300))
	eventually(t, "the gateway", kept(gateway(300)))
	r.Follow(both(t, rules.Observe, 120, 500))
	stays(t, "an unchanged gateway while the file observes", kept(gateway(300)))
	r.Follow(both(t, rules.Enforce, 120, 600))
	eventually(t, "the changed gateway", kept(gateway(600)))
	if !strings.Contains(r.log(), "drainDuration") {
		t.Error("the log does not say what becomes of open connections")
	}
	none := "mode: %s\nrules:\n" + fmt.Sprintf(aliveRule, "r", 120)
	r.Follow(rulesfile.Of(t, fmt.Sprintf(none, rules.Observe)))
	stays(t, "the gateway kept while the file observes", kept(gateway(600)))
	r.Follow(rulesfile.Of(t, fmt.Sprintf(none, rules.Enforce)))
	eventually(t, "no gateway", kept())
}

// One gateway's namespace that is not there holds nothing else up, and the
// object comes soon after it.
func TestNamespaceMissing(t *testing.T) {
	clean(t)
	r := start(t, shared.config, nil)
	file := rulesfile.Of(t, "rules:\n"+fmt.Sprintf(aliveRule, "r", 120)+"gateways:\n"+
		strings.Replace(fmt.Sprintf(gatewayRule, "late", 300), "edge", "another-edge", 1))
	r.Follow(file)
	objects := needs(file)
	eventually(t, "the other object", func() (bool, string) { return same(t, objects[0]) })
	eventually(t, "the metric", func() (bool, string) {
		return r.objects(mesh.KindGateway, missing) == 1 && value(r.metrics.errors.WithLabelValues(string(opApply))) > 2, ""
	})
	if n := value(r.metrics.noDefinitions) + value(r.metrics.forbidden); n != 0 || strings.Count(r.log(), "trying again") != 1 {
		t.Errorf("got metrics %v and log\n%s\nwant one line about the namespace and nothing about Istio or rights", n, r.log())
	}
	makeNamespace(t, "another-edge")
	eventually(t, "both objects", func() (bool, string) { return same(t, objects...) })
	if err := shared.admin.Delete(t.Context(), typed(objects[1])); err != nil {
		t.Fatal(err)
	}
}
