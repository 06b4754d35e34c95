package webhook

import (
	"fmt"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/holdfast-mesh/holdfast/test/cluster"
	"github.com/holdfast-mesh/holdfast/test/reviews"
	"github.com/holdfast-mesh/holdfast/webhook/admission"
)

// inCluster starts a server with the rights of the chart that reads ConfigMaps.
func inCluster(t *testing.T, change func(*cluster.Cluster)) (*cluster.Cluster, *running) {
	t.Helper()
	c, config := withCluster(t)
	if change != nil {
		change(c)
	}
	s := start(t, testRules, func(o *Options) { o.NoCluster, o.RESTConfig, o.ReadConfigMaps = false, config, true })
	return c, s
}

func makeNamespace(t *testing.T, c *cluster.Cluster, name, enabled string) *corev1.Namespace {
	t.Helper()
	n := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{"holdfast.dev/enabled": enabled}}}
	createObject(t, c, n)
	return n
}

func redisAt(namespace, name, host string) *corev1.ConfigMap {
	return &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}, Data: map[string]string{"REDIS_HOST": host}}
}

// reason is that of the decision about a pod that takes its variables from a ConfigMap.
func (s *running) reason(t *testing.T, namespace, configMap string) string {
	t.Helper()
	client := s.client()
	defer client.CloseIdleConnections()
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "cart"}}
	source := corev1.EnvFromSource{ConfigMapRef: &corev1.ConfigMapEnvSource{LocalObjectReference: corev1.LocalObjectReference{Name: configMap}}}
	pod.Spec.Containers = []corev1.Container{{Name: "cart", EnvFrom: []corev1.EnvFromSource{source}}}
	answer, err := reviews.Send(t.Context(), client, "https://"+s.Webhook+admission.MutatePodsPath, pod)
	if err != nil {
		t.Fatal(err)
	}
	return answer.AuditAnnotations["reason"]
}

func (s *running) decides(t *testing.T, namespace, configMap, want string) {
	t.Helper()
	begin := time.Now()
	eventually(t, fmt.Sprintf("%s for ConfigMap %s/%s", want, namespace, configMap), func() (bool, string) {
		got := s.reason(t, namespace, configMap)
		return got == want, got
	})
	t.Logf("%s/%s: %s after %s", namespace, configMap, want, time.Since(begin).Round(time.Millisecond))
}

// ConfigMaps of opted-in namespaces are read before readiness, and followed: what is
// edited, made and deleted, and namespaces that opt in and out.
func TestConfigMaps(t *testing.T) {
	const many = 2000
	c, s := inCluster(t, func(c *cluster.Cluster) {
		makeNamespace(t, c, "shop", "true")
		for i := range many {
			createObject(t, c, redisAt("shop", fmt.Sprintf("app-%d", i), "cache"))
		}
	})
	eventually(t, "readiness", func() (bool, string) { return s.ready(t) })
	// Synced means that all are known.
	for _, i := range []int{0, many / 2, many - 1} {
		if got := s.reason(t, "shop", fmt.Sprintf("app-%d", i)); got != "Patched" {
			t.Errorf("got %s for app-%d as soon as the server was ready, want Patched", got, i)
		}
	}
	if text := s.metrics(t); !strings.Contains(text, `holdfast_cluster_synced{watch="configmaps"} 1`) {
		t.Error("the metric does not say that ConfigMaps are read")
	}
	s.decides(t, "shop", "gone", "NoRuleMatched")

	app := redisAt("shop", "new", "cache")
	createObject(t, c, app)
	s.decides(t, "shop", "new", "Patched")
	app.Data = map[string]string{"MYSQL_HOST": "db"}
	if err := c.Client.Update(t.Context(), app); err != nil {
		t.Fatal(err)
	}
	s.decides(t, "shop", "new", "NoRuleMatched")
	first := redisAt("shop", "app-0", "")
	if err := c.Client.Delete(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	s.decides(t, "shop", "app-0", "NoRuleMatched")

	late := makeNamespace(t, c, "late", "false")
	createObject(t, c, redisAt("late", "app", "cache"))
	s.decides(t, "late", "app", "OptedOut")
	late.Labels["holdfast.dev/enabled"] = "true"
	if err := c.Client.Update(t.Context(), late); err != nil {
		t.Fatal(err)
	}
	s.decides(t, "late", "app", "Patched")
	late.Labels["holdfast.dev/enabled"] = "false"
	if err := c.Client.Update(t.Context(), late); err != nil {
		t.Fatal(err)
	}
	s.decides(t, "late", "app", "OptedOut")
	if log := s.log.String(); strings.Contains(log, "not allowed") || strings.Contains(log, "watch failed") {
		t.Errorf("something failed:\n%s", log)
	}
}

// Without the right: ready all the same, and it says what is missing. When the right
// comes, ConfigMaps are read without a restart.
func TestNoRightToConfigMaps(t *testing.T) {
	binding := &rbacv1.ClusterRoleBinding{ObjectMeta: metav1.ObjectMeta{Name: "holdfast-configmaps"}}
	c, s := inCluster(t, func(c *cluster.Cluster) {
		makeNamespace(t, c, "shop", "true")
		createObject(t, c, redisAt("shop", "app", "cache"))
		if err := c.Client.Get(t.Context(), client.ObjectKeyFromObject(binding), binding); err != nil {
			t.Fatal(err)
		}
		if err := c.Client.Delete(t.Context(), binding.DeepCopy()); err != nil {
			t.Fatal(err)
		}
	})
	eventually(t, "readiness with a note", func() (bool, string) {
		ok, body := s.ready(t)
		return ok && strings.Contains(body, "[!] watch of configmaps: not allowed to read ConfigMaps"), body
	})
	s.decides(t, "shop", "app", "NoRuleMatched")
	if log := s.log.String(); !strings.Contains(log, "not allowed to watch") || !strings.Contains(log, "configmaps") {
		t.Errorf("the log does not name it:\n%s", log)
	}
	if text := s.metrics(t); !strings.Contains(text, `holdfast_cluster_synced{watch="configmaps"} 0`) {
		t.Error("the metric does not say that ConfigMaps are not read")
	}
	binding.ResourceVersion, binding.UID = "", ""
	createObject(t, c, binding)
	s.decides(t, "shop", "app", "Patched")
	eventually(t, "readiness without a note", func() (bool, string) {
		ok, body := s.ready(t)
		return ok && !strings.Contains(body, "[!]"), body
	})
}
