package chart

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/holdfast-mesh/holdfast/test/cluster"
)

// Every right of the chart is needed: without it holdfast's log says that something is
// forbidden, with it never. What manageMesh adds is tried in webhook/envoyfilters.
func TestRights(t *testing.T) {
	for _, mode := range modes {
		t.Run(mode.name, func(t *testing.T) { testRights(t, mode) })
	}
}

// The right to read every ConfigMap holds those to read some. It is tried apart.
func TestRightToConfigMaps(t *testing.T) {
	namespaces(t, nil, cluster.Namespace, "istio-system")
	must(t, "helm", append([]string{"install", "holdfast", cluster.Chart(), "-n", cluster.Namespace}, rulesFile(t)...)...)
	t.Cleanup(func() { uninstall(t) })
	testRole(t, modes[0], &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: "holdfast-configmaps"}})
}

func testRights(t *testing.T, mode mode) {
	namespaces(t, nil, cluster.Namespace, "istio-system")
	flags := append(rulesFile(t), append(mode.flags, "--set", "readConfigMaps=false")...)
	must(t, "helm", append([]string{"install", "holdfast", cluster.Chart(), "-n", cluster.Namespace}, flags...)...)
	t.Cleanup(func() { uninstall(t) })
	if mode.provide != nil {
		mode.provide(t)
	}
	t.Run("all", func(t *testing.T) {
		log := work(t, func(string) bool { return false })
		if strings.Contains(log, "forbidden") {
			t.Errorf("with all rights something is forbidden:\n%s", log)
		}
	})
	for _, role := range []client.Object{
		&rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: "holdfast"}},
		&rbacv1.Role{ObjectMeta: metav1.ObjectMeta{Namespace: cluster.Namespace, Name: "holdfast"}},
		&rbacv1.Role{ObjectMeta: metav1.ObjectMeta{Namespace: "istio-system", Name: "holdfast-istio-settings"}},
	} {
		testRole(t, mode, role)
	}
}

// testRole takes each right of a role away.
func testRole(t *testing.T, mode mode, role client.Object) {
	t.Helper()
	if err := shared.Client.Get(t.Context(), client.ObjectKeyFromObject(role), role); err != nil {
		t.Fatal(err)
	}
	whole := slices.Clone(*rulesOf(role))
	for i, rule := range whole {
		for _, verb := range rule.Verbs {
			t.Run(fmt.Sprint(role.GetName(), rule.Resources, verb), func(t *testing.T) {
				less := rule.DeepCopy()
				less.Verbs = slices.DeleteFunc(less.Verbs, func(v string) bool { return v == verb })
				rules := slices.Delete(slices.Clone(whole), i, i+1)
				if len(less.Verbs) > 0 {
					rules = append(rules, *less)
				}
				forgetCertificates(t, mode)
				changeRules(t, role, rules)
				defer changeRules(t, role, whole)
				missing := fmt.Sprintf(`cannot %s resource \"%s\"`, verb, rule.Resources[0]) // in JSON
				if log := work(t, func(log string) bool { return strings.Contains(log, missing) }); !strings.Contains(log, missing) {
					t.Errorf("everything was done without it:\n%s", log)
				}
			})
		}
	}
}

// forgetCertificates brings an installation that makes its certificates itself back to
// where it has none, so that they have to be written again.
func forgetCertificates(t *testing.T, mode mode) {
	t.Helper()
	if mode.provide != nil {
		return
	}
	secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: cluster.Namespace, Name: "holdfast-ca"}}
	if err := shared.Client.Patch(t.Context(), secret, client.RawPatch(types.MergePatchType, []byte(`{"data":null}`))); err != nil {
		t.Fatal(err)
	}
	for _, kind := range []string{"MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"} {
		empty := client.RawPatch(types.JSONPatchType, []byte(`[{"op":"replace","path":"/webhooks/0/clientConfig/caBundle","value":null}]`))
		if err := shared.Client.Patch(t.Context(), getConfiguration(t, kind), empty); err != nil {
			t.Fatal(err)
		}
	}
}

func rulesOf(role client.Object) *[]rbacv1.PolicyRule {
	if clusterRole, ok := role.(*rbacv1.ClusterRole); ok {
		return &clusterRole.Rules
	}
	return &role.(*rbacv1.Role).Rules
}

func changeRules(t *testing.T, role client.Object, rules []rbacv1.PolicyRule) {
	t.Helper()
	*rulesOf(role) = rules
	if err := shared.Client.Update(t.Context(), role); err != nil {
		t.Fatal(err)
	}
}

// work lets a pod do everything that needs a right, until enough says that its log is
// enough, or everything is done.
func work(t *testing.T, enough func(log string) bool, args ...string) string {
	t.Helper()
	// Not reached by the API server, so that a bad edit gets through.
	running := &pods{namespace: cluster.Namespace, log: &cluster.Output{}, env: []string{
		// Clients fall back to lists where an API server cannot stream them, as before Kubernetes 1.32:
		// there the right to list is needed, and here only by such a client.
		"KUBE_FEATURE_WatchListClient=false",
	}}
	running.start(t, 1)
	defer running.stop(1)
	h := running.list[0]
	done := func(what string) bool { return strings.Contains(h.Metrics(t.Context()), what) }
	synced := func() bool {
		return !slices.ContainsFunc([]string{"namespaces", "rules", "istio_settings", "istio_tags", "istio_mesh_objects"}, func(watch string) bool {
			return !done(`holdfast_cluster_synced{watch="` + watch + `"} 1`)
		})
	}
	deadline := time.Now().Add(15 * time.Second)
	for !(synced() && running.ready(h)) && !enough(running.log.String()) && time.Now().Before(deadline) {
		time.Sleep(50 * time.Millisecond)
	}
	if !enough(running.log.String()) {
		// A bad edit that nobody checked is told with an Event.
		var rules corev1.ConfigMap
		key := client.ObjectKey{Namespace: cluster.Namespace, Name: "holdfast-rules"}
		if err := shared.Client.Get(t.Context(), key, &rules); err != nil {
			t.Fatal(err)
		}
		good := rules.DeepCopy()
		rules.Data["rules.yaml"] = fmt.Sprintf("bad: %d", time.Now().UnixNano())
		if err := shared.Client.Update(t.Context(), &rules); err != nil {
			t.Fatal(err)
		}
		for !done("holdfast_rules_last_load_success 0") && !enough(running.log.String()) && time.Now().Before(deadline) {
			time.Sleep(50 * time.Millisecond)
		}
		// Watches that were refused after their list, and the Event, are heard of a moment later.
		for end := time.Now().Add(time.Second); time.Now().Before(end) && !enough(running.log.String()); time.Sleep(50 * time.Millisecond) {
		}
		good.ResourceVersion = ""
		if err := shared.Client.Update(t.Context(), good); err != nil {
			t.Fatal(err)
		}
	}
	return running.log.String()
}
