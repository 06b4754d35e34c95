package envoyfilters

import (
	"context"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	networking "istio.io/client-go/pkg/apis/networking/v1alpha3"
	coordinationv1 "k8s.io/api/coordination/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/holdfast-mesh/holdfast/mesh"
)

// One of two replicas works. When it stops, the other takes over at once; when
// it loses its Lease, it stops working and waits like the other.
func TestOneLeader(t *testing.T) {
	clean(t)
	file := alive(t, 120)
	object := needs(file)[0]
	terms := func(m *Manager) { m.times.lease, m.times.renew = 8*time.Second, 6*time.Second }
	replicas := []*replica{start(t, shared.config, terms), start(t, shared.config, terms)}
	for _, r := range replicas {
		r.Follow(file)
	}
	leaders := func() (list []int) {
		for i, r := range replicas {
			if value(r.metrics.leader) == 1 {
				list = append(list, i)
			}
		}
		return list
	}
	works := func(what string) {
		t.Helper()
		if err := shared.admin.DeleteAllOf(t.Context(), typed(object), client.InNamespace("istio-system")); err != nil {
			t.Fatal(err)
		}
		eventually(t, what, func() (bool, string) { return same(t, object) })
	}
	eventually(t, "a leader", func() (bool, string) { return len(leaders()) == 1, "" })
	works("its work")
	one := replicas[leaders()[0]]
	other := replicas[1-leaders()[0]]
	if n := other.objects(mesh.KindKeepalive, present); n != 0 || strings.Contains(other.log(), "created") {
		t.Errorf("got %v objects in the metric of the other replica, want it to do nothing", n)
	}

	// Somebody else takes the Lease away, and leaves it to run out.
	lease := &coordinationv1.Lease{}
	if err := shared.Client.Get(t.Context(), client.ObjectKey{Namespace: "holdfast-system", Name: leaseName}, lease); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the Lease taken", func() (bool, string) {
		if err := shared.Client.Get(t.Context(), client.ObjectKeyFromObject(lease), lease); err != nil {
			return false, err.Error()
		}
		thief := "thief"
		lease.Spec.HolderIdentity = &thief
		err := shared.Client.Update(t.Context(), lease)
		return err == nil, fmt.Sprint(err)
	})
	eventually(t, "no leader", func() (bool, string) { return len(leaders()) == 0, fmt.Sprint(leaders()) })
	if n := one.objects(mesh.KindKeepalive, present); n != 0 {
		t.Errorf("got %v objects in the metric of the former leader, want none", n)
	}
	eventually(t, "a leader again", func() (bool, string) { return len(leaders()) == 1, "" })
	works("its work")

	one, other = replicas[leaders()[0]], replicas[1-leaders()[0]]
	one.stop()
	begin := time.Now()
	eventually(t, "the other as leader", func() (bool, string) { return value(other.metrics.leader) == 1, "" })
	if took := time.Since(begin); took > other.times.lease {
		t.Errorf("the other took over after %s, want the Lease released", took)
	}
	works("its work")
}

// Without Istio's definitions it is said once, with an Event and a metric, and
// nothing else is; they may come, and go, and come again.
func TestDefinitionsMissing(t *testing.T) {
	clean(t)
	remove := func() {
		t.Helper()
		if err := shared.RemoveEnvoyFilters(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	install := func() {
		t.Helper()
		if err := shared.InstallEnvoyFilters(); err != nil {
			t.Fatal(err)
		}
	}
	remove()
	t.Cleanup(install)
	file := alive(t, 120)
	object := needs(file)[0]
	r := start(t, shared.config, nil)
	r.Follow(file)
	eventually(t, "the metric", func() (bool, string) { return value(r.metrics.noDefinitions) == 1, "" })
	stays(t, "one Event and a line in the log", func() (bool, string) {
		told := r.told()
		return len(told) == 1 && strings.HasPrefix(told[0], eventNoDefinitions+": ") && strings.Count(r.log(), "is Istio installed?") == 1, fmt.Sprint(told, r.log())
	})
	if value(r.metrics.forbidden) != 0 {
		t.Error("the metric says that a right is missing")
	}
	for range 2 {
		install()
		eventually(t, "the object", func() (bool, string) { return same(t, object) })
		eventually(t, "the metric", func() (bool, string) { return value(r.metrics.noDefinitions) == 0, "" })
		remove()
		eventually(t, "the metrics", func() (bool, string) {
			return value(r.metrics.noDefinitions) == 1 && r.objects(mesh.KindKeepalive, present)+r.objects(mesh.KindKeepalive, missing) == 0, ""
		})
	}
}

// Every right that the chart gives with manageMesh is needed: without it the work
// does not get done, which log and metric say, and it is done once the right is
// there.
func TestRights(t *testing.T) {
	change := func(t *testing.T, object client.Object, to func()) {
		t.Helper()
		eventually(t, "a change of rights", func() (bool, string) {
			if err := shared.Client.Get(context.Background(), client.ObjectKeyFromObject(object), object); err != nil {
				return false, err.Error()
			}
			to()
			err := shared.Client.Update(context.Background(), object)
			return err == nil, fmt.Sprint(err)
		})
	}
	// work does everything once.
	work := func(t *testing.T, r *replica, wait func(what string, done func() (bool, string))) {
		t.Helper()
		object := needs(alive(t, 120))[0]
		r.Follow(alive(t, 120))
		wait("the object", func() (bool, string) { return same(t, object) })
		edit(t, keyOf(object), func(o *networking.EnvoyFilter) { o.Spec.Priority = 5 })
		wait("the repair", func() (bool, string) { return same(t, object) })
		r.Follow(alive(t))
		wait("no object", func() (bool, string) { return same(t) })
	}
	cluster := &rbacv1.ClusterRole{}
	cluster.Name = "holdfast-mesh"
	role := &rbacv1.Role{}
	role.Namespace, role.Name = "holdfast-system", "holdfast-mesh"
	for _, object := range []client.Object{cluster, role} {
		if err := shared.Client.Get(t.Context(), client.ObjectKeyFromObject(object), object); err != nil {
			t.Fatal(err)
		}
	}
	for _, from := range []struct {
		object client.Object
		rules  *[]rbacv1.PolicyRule
	}{{cluster, &cluster.Rules}, {role, &role.Rules}} {
		whole := slices.Clone(*from.rules)
		for i, rule := range whole {
			for _, verb := range rule.Verbs {
				t.Run(fmt.Sprint(rule.Resources, verb), func(t *testing.T) {
					clean(t)
					if err := client.IgnoreNotFound(shared.Client.Delete(t.Context(), &coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{Namespace: "holdfast-system", Name: leaseName}})); err != nil {
						t.Fatal(err)
					}
					t.Cleanup(func() { change(t, from.object, func() { *from.rules = whole }) })
					change(t, from.object, func() {
						less := slices.Clone(whole)
						less[i] = *rule.DeepCopy()
						less[i].Verbs = slices.DeleteFunc(less[i].Verbs, func(v string) bool { return v == verb })
						*from.rules = slices.DeleteFunc(less, func(r rbacv1.PolicyRule) bool { return len(r.Verbs) == 0 })
					})
					r := start(t, shared.config, func(m *Manager) {
						shortTerms(m)
						m.times.grace, m.times.pods, m.times.repair = 0, 50*time.Millisecond, 0
					})
					stuck := false
					work(t, r, func(what string, done func() (bool, string)) {
						t.Helper()
						refused := func() bool {
							return value(r.metrics.forbidden) == 1 && strings.Contains(r.log(), remedy) ||
								rule.Resources[0] == "leases" && strings.Contains(r.log(), "is forbidden")
						}
						if !stuck {
							eventually(t, what+", or that it is forbidden", func() (bool, string) { ok, got := done(); return ok || refused(), got })
							if ok, _ := done(); ok && !refused() {
								return
							}
							stuck = true
							change(t, from.object, func() { *from.rules = whole })
						}
						eventually(t, what, done)
					})
					if !stuck {
						t.Error("everything was done without it")
					}
					eventually(t, "the metric", func() (bool, string) { return value(r.metrics.forbidden) == 0, "" })
				})
			}
		}
	}
}

// line is a way to the API server that can be cut.
type line struct {
	to, address string
	mu          sync.Mutex
	listener    net.Listener
	open        []net.Conn
}

func (l *line) connect(t *testing.T) {
	t.Helper()
	listener, err := net.Listen("tcp", l.address)
	if err != nil {
		t.Fatal(err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.listener, l.address = listener, listener.Addr().String()
	go func() {
		for {
			in, err := listener.Accept()
			if err != nil {
				return
			}
			out, err := net.Dial("tcp", l.to)
			if err != nil {
				in.Close()
				continue
			}
			l.mu.Lock()
			l.open = append(l.open, in, out)
			l.mu.Unlock()
			go func() { _, _ = io.Copy(out, in); out.Close() }()
			go func() { _, _ = io.Copy(in, out); in.Close() }()
		}
	}()
}

func (l *line) cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.listener.Close()
	for _, c := range l.open {
		c.Close()
	}
	l.open = nil
}

// While the API server is away the term ends, and nothing else; rules go on
// being followed, and what they need is there soon after it is back.
func TestAPIServerAway(t *testing.T) {
	clean(t)
	config := rest.CopyConfig(shared.config)
	l := &line{to: strings.TrimPrefix(config.Host, "https://"), address: "127.0.0.1:0"}
	l.connect(t)
	t.Cleanup(l.cut)
	config.Host = "https://" + l.address
	r := start(t, config, shortTerms)
	first, second := alive(t, 120), alive(t, 120, 60)
	r.Follow(first)
	eventually(t, "the object", func() (bool, string) { return same(t, needs(first)...) })
	l.cut()
	r.Follow(second)
	eventually(t, "the end of the term", func() (bool, string) { return value(r.metrics.leader) == 0, "" })
	l.connect(t)
	eventually(t, "both objects", func() (bool, string) { return same(t, needs(second)...) })
}

// A defect is said, and ends nothing.
func TestPanic(t *testing.T) {
	clean(t)
	theirs := typed(needs(alive(t, 120))[0])
	theirs.Spec.Priority = 3
	if err := shared.admin.Create(t.Context(), theirs); err != nil {
		t.Fatal(err)
	}
	r := start(t, shared.config, func(m *Manager) { m.tell = func(string, string) { panic("mended by nobody") } })
	r.Follow(alive(t, 120))
	eventually(t, "the log", func() (bool, string) {
		return strings.Contains(r.log(), "mended by nobody") && strings.Contains(r.log(), "sayForeign"), r.log()
	})
	r.Follow(alive(t, 60))
	eventually(t, "the next object", func() (bool, string) {
		_, ok := list(t)["istio-system/holdfast-keepalive-60s-30s-3"]
		return ok, ""
	})
}
