package webhook

import (
	"fmt"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/holdfast-mesh/holdfast/rules"
	"github.com/holdfast-mesh/holdfast/rules/decide"
	"github.com/holdfast-mesh/holdfast/test/cluster"
	"github.com/holdfast-mesh/holdfast/webhook/admission"
)

// withCluster starts a real API server with holdfast's manifest applied, and
// returns a configuration with exactly the rights of its service account.
func withCluster(t *testing.T, flags ...string) (*cluster.Cluster, *rest.Config) {
	t.Helper()
	c, err := cluster.Start(nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Stop(); err != nil {
			t.Error(err)
		}
	})
	config, err := c.Rights(t.Context(), t.TempDir(), flags...)
	if err != nil {
		t.Fatal(err)
	}
	return c, config
}

func createObject(t *testing.T, c *cluster.Cluster, object client.Object) {
	t.Helper()
	if err := c.Client.Create(t.Context(), object); err != nil {
		t.Fatalf("creating %T %s: %v", object, object.GetName(), err)
	}
}

// seenPods keeps the facts of the last decision.
type seenPods chan *rules.Pod

func (s seenPods) decide(set *decide.Set, pod *rules.Pod, options decide.Options) rules.Outcome {
	select {
	case <-s:
	default:
	}
	s <- pod
	return set.Decide(pod, options)
}

// The server in a cluster, with the rights that deploy/install.yaml gives it:
// rules from a ConfigMap, namespaces, Istio's settings by revision and tag.
func TestCluster(t *testing.T) {
	c, config := withCluster(t)
	seen := make(seenPods, 1)
	s := start(t, testRules, func(o *Options) {
		o.RulesFile, o.RulesConfigMap, o.NoCluster, o.RESTConfig = "", "holdfast-system/holdfast-rules", false, config
		o.Decide = seen.decide
	})
	http := s.client()
	t.Cleanup(http.CloseIdleConnections)
	facts := func() *rules.Pod {
		t.Helper()
		if _, err := s.ask(http); err != nil {
			t.Fatal(err)
		}
		return <-seen
	}

	// Without the ConfigMap: not ready, and it says what is missing.
	eventually(t, "a readiness that names the ConfigMap", func() (bool, string) {
		ok, body := s.ready(t)
		return !ok && strings.Contains(body, "the ConfigMap does not exist"), body
	})
	configMap := &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Namespace: "holdfast-system", Name: "holdfast-rules"},
		Data:       map[string]string{admission.RulesKey: testRules},
	}
	createObject(t, c, configMap)
	eventually(t, "readiness", func() (bool, string) { return s.ready(t) })

	t.Run("rules", func(t *testing.T) { testConfigMapRules(t, c, s, configMap) })

	t.Run("namespaces", func(t *testing.T) {
		if pod := facts(); pod.Namespace.Known {
			t.Fatalf("got %+v, want a namespace that nobody made to be unknown", pod.Namespace)
		}
		shop := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "shop", Labels: map[string]string{"holdfast.dev/enabled": "true"}}}
		createObject(t, c, shop)
		eventually(t, "the namespace", func() (bool, string) {
			n := facts().Namespace
			return n.Known && n.Labels["holdfast.dev/enabled"] == "true", fmt.Sprint(n)
		})
		shop.Labels["tier"] = "backend"
		if err := c.Client.Update(t.Context(), shop); err != nil {
			t.Fatal(err)
		}
		eventually(t, "the new label", func() (bool, string) {
			n := facts().Namespace
			return n.Labels["tier"] == "backend", fmt.Sprint(n)
		})
	})

	t.Run("settings", func(t *testing.T) { testIstioSettings(t, c, facts) })

	// A service account that writes Events on its own ConfigMap only.
	if log := s.log.String(); strings.Contains(log, "not allowed") || strings.Contains(log, "cannot write an Event") {
		t.Errorf("the rights in deploy/install.yaml do not suffice:\n%s", log)
	}
}

// testConfigMapRules: live in under a second, bad edits survived and told.
func testConfigMapRules(t *testing.T, c *cluster.Cluster, s *running, configMap *corev1.ConfigMap) {
	update := func(text string) {
		t.Helper()
		configMap.Data = map[string]string{admission.RulesKey: text}
		if err := c.Client.Update(t.Context(), configMap); err != nil {
			t.Fatal(err)
		}
	}
	inForce := func(text string) {
		t.Helper()
		hash := hashOf(t, text)
		eventually(t, "rules in force", func() (bool, string) {
			metrics := s.metrics(t)
			return strings.Contains(metrics, hash), metrics
		})
	}
	events := func(reason string) (found []string) {
		var list corev1.EventList
		if err := c.Client.List(t.Context(), &list, client.InNamespace("holdfast-system")); err != nil {
			t.Fatal(err)
		}
		for _, e := range list.Items {
			if e.Reason == reason && e.InvolvedObject.Name == configMap.Name {
				found = append(found, e.Type+" "+e.Message)
			}
		}
		return found
	}
	other := strings.Replace(testRules, "48h", "24h", 1)
	begin := time.Now()
	update(other)
	inForce(other)
	t.Logf("in force after %s", time.Since(begin).Round(time.Millisecond))

	update(strings.Replace(testRules, "48h", "soon", 1))
	eventually(t, "an Event about the bad edit", func() (bool, string) {
		got := events(eventRejected)
		return len(got) == 1 && strings.HasPrefix(got[0], "Warning ") && strings.Contains(got[0], "soon"), fmt.Sprint(got)
	})
	inForce(other)
	before := len(events(eventLoaded)) // the ConfigMap was missing at first
	update(testRules)
	inForce(testRules)
	eventually(t, "an Event about the recovery", func() (bool, string) {
		got := events(eventLoaded)
		return len(got) == before+1 && strings.HasPrefix(got[0], "Normal "), fmt.Sprint(got)
	})

	configMap.Data = map[string]string{"rules.yml": testRules}
	if err := c.Client.Update(t.Context(), configMap); err != nil {
		t.Fatal(err)
	}
	eventually(t, "an Event about the missing key", func() (bool, string) {
		got := events(eventRejected)
		return len(got) == 2, fmt.Sprint(got)
	})
	if err := c.Client.Delete(t.Context(), configMap); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the log of the deletion", func() (bool, string) {
		log := s.log.String()
		return strings.Contains(log, "the ConfigMap was deleted"), log
	})
	inForce(testRules)
	configMap.ResourceVersion, configMap.UID = "", ""
	configMap.Data = map[string]string{admission.RulesKey: testRules}
	createObject(t, c, configMap)
	eventually(t, "the metric of the newest version", func() (bool, string) {
		metrics := s.metrics(t)
		return strings.Contains(metrics, "\nholdfast_rules_last_load_success 1\n"), metrics
	})
}

// An API server that is away at the start: alive, not ready, and served as
// soon as it comes. With rules from a file it answers meanwhile.
func TestAPIServerAway(t *testing.T) {
	checkLeaks(t)
	s := start(t, testRules, func(o *Options) {
		o.NoCluster, o.RESTConfig = false, &rest.Config{Host: "https://127.0.0.1:1", Timeout: time.Second}
	})
	client := s.client()
	defer client.CloseIdleConnections()
	eventually(t, "a decision", func() (bool, string) {
		reason, err := s.ask(client)
		return reason == "Patched", fmt.Sprint(reason, err)
	})
	if ok, body := s.ready(t); ok || !strings.Contains(body, "[-] watch of namespaces failed") {
		t.Errorf("got ready %v %q, want namespaces named", ok, body)
	}
	if code, _ := get(t, "http://"+s.Health+healthzPath); code != 200 {
		t.Errorf("got %d from %s, want 200", code, healthzPath)
	}
	eventually(t, "a line in the log", func() (bool, string) {
		log := s.log.String()
		return strings.Contains(log, "cannot be reached"), log
	})
	s.end(t)
	if log := s.log.String(); strings.Count(log, "cannot be reached") != 1 || strings.Contains(log, "context canceled") {
		t.Errorf("the log should name the cause once, and not complain of the end:\n%s", log)
	}
}

// Rights that are missing degrade and are named; nothing waits for ever on
// Istio's settings.
func TestMissingRights(t *testing.T) {
	c, config := withCluster(t, "--set", "readConfigMaps=false") // that right covers Istio's ConfigMaps too
	role := &unstructured.Unstructured{}
	role.SetAPIVersion("rbac.authorization.k8s.io/v1")
	role.SetKind("RoleBinding")
	role.SetNamespace("istio-system")
	role.SetName("holdfast-istio-settings")
	if err := c.Client.Delete(t.Context(), role); err != nil && !apierrors.IsNotFound(err) {
		t.Fatal(err)
	}
	s := start(t, testRules, func(o *Options) { o.NoCluster, o.RESTConfig = false, config })
	begin := time.Now()
	eventually(t, "readiness without Istio's settings", func() (bool, string) { return s.ready(t) })
	t.Logf("ready after %s", time.Since(begin).Round(time.Millisecond))
	eventually(t, "a log line", func() (bool, string) {
		log := s.log.String()
		return strings.Contains(log, "not allowed to watch") && strings.Contains(log, "cannot read Istio's settings"), log
	})
	if text := s.metrics(t); !strings.Contains(text, `holdfast_cluster_synced{watch="istio_settings"} 0`) || !strings.Contains(text, `holdfast_cluster_synced{watch="namespaces"} 1`) {
		t.Error("the metric does not say which watch is missing")
	}
}
