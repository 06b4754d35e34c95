package chart

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/holdfast-mesh/holdfast/test/cluster"
)

// before is what was installed before there was a chart.
func before(name string) string {
	return filepath.Join(cluster.Root(), "test", "chart", "testdata", "before", name)
}

// From the manifests before the chart to the chart's, by kubectl, and then into Helm's
// hands, while pods are created without a pause: none fails, each is patched.
func TestUpgradeFromManifests(t *testing.T) {
	namespaces(t, map[string]string{"holdfast.dev/enabled": "true"}, "shop")
	namespaces(t, nil, "istio-system")
	must(t, "kubectl", "apply", "-f", before("holdfast.yaml"), "-f", before("cert-manager.yaml"), "-f", filepath.Join(cluster.Chart(), "files", "mesh.yaml"))
	running := newPods(t, cluster.Namespace)
	running.start(t, 2)
	startCertManager(t)
	must(t, "kubectl", "-n", cluster.Namespace, "patch", "configmap", "holdfast-rules", "--type=merge", "-p", `{"data":{"rules.yaml":`+strconv.Quote(enforced)+`}}`)
	awaitPatched(t, "shop")
	trusted := awaitInjected(t)
	end := stream(t, "shop")

	flags := append(rulesFile(t), certManagerMode...)
	must(t, "kubectl", "apply", "-f", rendered(t, cluster.Namespace, flags))
	running.roll(t)
	asRendered(t, flags)

	must(t, "helm", append([]string{"install", "holdfast", cluster.Chart(), "-n", cluster.Namespace, "--take-ownership", "--force-conflicts"}, flags...)...)
	running.roll(t)
	asRendered(t, flags)

	if all, unpatched := end(); unpatched > 0 || all < 50 {
		t.Errorf("got %d of %d pods unpatched, want none of many", unpatched, all)
	}
	// The chart names another Secret for the CA, so there is a new one. By which of both the
	// certificate is made anew depends on which object cert-manager hears of first.
	for i, bundle := range caBundles(t) {
		if !strings.HasPrefix(bundle, trusted[i]) {
			t.Errorf("got caBundle %s, want %s and perhaps another CA", bundle, trusted[i])
		}
	}
	must(t, "helm", "uninstall", "holdfast", "-n", cluster.Namespace)
	must(t, "kubectl", "delete", "namespace", cluster.Namespace, "--wait=false")
	nothingLeft(t)
}

// To the mode self-signed from the manifests before the chart: the CA of cert-manager has
// the Secret's name and another type, which kubectl says at once; without it the way is free.
func TestUpgradeFromManifestsToSelfSigned(t *testing.T) {
	namespaces(t, nil, "istio-system")
	must(t, "kubectl", "apply", "-f", before("holdfast.yaml"))
	_, dir := certificateFiles(t)
	must(t, "kubectl", "-n", cluster.Namespace, "create", "secret", "tls", "holdfast-ca", "--cert="+filepath.Join(dir, "tls.crt"), "--key="+filepath.Join(dir, "tls.key"))
	install := cluster.InstallManifest()
	if output, err := run(t, "kubectl", "apply", "-f", install); err == nil || !strings.Contains(output, "holdfast-ca") || !strings.Contains(output, "field is immutable") {
		t.Errorf("got %v %s, want an error about the type of the Secret holdfast-ca", err, output)
	}
	must(t, "kubectl", "-n", cluster.Namespace, "delete", "secret", "holdfast-ca")
	must(t, "kubectl", "apply", "-f", install)
	asRendered(t, nil)
	must(t, "kubectl", "delete", "-f", install, "-l", "!holdfast.dev/mesh-object", "--wait=false")
	nothingLeft(t)
}

// From the previous version of the chart and from other values to these and back, by both ways
// in which Helm applies. There was no chart before this one: its own text under a lower version
// stands for it.
func TestUpgrade(t *testing.T) {
	previous := filepath.Join(t.TempDir(), "holdfast")
	if err := os.CopyFS(previous, os.DirFS(cluster.Chart())); err != nil {
		t.Fatal(err)
	}
	description := filepath.Join(previous, "Chart.yaml")
	if err := os.WriteFile(description, []byte(strings.ReplaceAll(read(t, description), "ersion: 0.1.0", "ersion: 0.0.9")), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, how := range []string{"--server-side=true", "--server-side=false"} {
		t.Run(how, func(t *testing.T) {
			namespaces(t, map[string]string{"holdfast.dev/enabled": "true"}, "shop")
			namespaces(t, nil, "istio-system")
			flags := append(rulesFile(t), certManagerMode...)
			must(t, "helm", append([]string{"install", "holdfast", previous, "-n", cluster.Namespace, "--create-namespace", how}, flags...)...)
			running := newPods(t, cluster.Namespace)
			running.start(t, 1)
			startCertManager(t)
			awaitPatched(t, "shop")
			trusted := awaitInjected(t)
			end := stream(t, "shop")
			for _, values := range [][]string{set("clusterWide=true", "manageMesh=true", "ports.webhook=10250", "extraLabels.team=mesh"), set("replicas=1", "networkPolicy.enabled=false", "priorityClassName=")} {
				all := append(slices.Clone(flags), values...)
				must(t, "helm", append([]string{"upgrade", "holdfast", cluster.Chart(), "-n", cluster.Namespace, how}, all...)...)
				running.roll(t)
				asRendered(t, all)
			}
			must(t, "helm", "rollback", "holdfast", "1", "-n", cluster.Namespace, how)
			running.roll(t)
			if all, unpatched := end(); unpatched > 0 || all < 50 {
				t.Errorf("got %d of %d pods unpatched, want none of many", unpatched, all)
			}
			if diff := cmp.Diff(trusted, caBundles(t)); diff != "" {
				t.Errorf("whom the API server trusts has changed (-before +after):\n%s", diff)
			}
			must(t, "helm", "uninstall", "holdfast", "-n", cluster.Namespace)
			must(t, "kubectl", "delete", "namespace", cluster.Namespace, "--wait=false")
			nothingLeft(t)
		})
	}
}

// asRendered: what the chart says is all that is there, and nothing of a former installation
// is left in it: an applied object has no other arguments, volumes, annotations, selectors.
func asRendered(t *testing.T, flags []string) {
	t.Helper()
	for _, want := range render(t, cluster.Namespace, flags...) {
		switch want.GetKind() {
		case "Deployment", "MutatingWebhookConfiguration", "ValidatingWebhookConfiguration", "ClusterRole", "Role", "ConfigMap", "Service":
		default:
			continue
		}
		got := &unstructured.Unstructured{}
		got.SetGroupVersionKind(want.GroupVersionKind())
		if err := shared.Client.Get(t.Context(), client.ObjectKeyFromObject(want), got); err != nil {
			t.Error(err)
			continue
		}
		// The same object made anew has what the API server adds.
		fresh := want.DeepCopy()
		fresh.SetName("fresh")
		if want.GetKind() == "Service" {
			_ = unstructured.SetNestedField(fresh.Object, "None", "spec", "clusterIP")
		}
		if err := shared.Client.Create(t.Context(), fresh, client.DryRunAll); err != nil {
			t.Error(err)
			continue
		}
		if diff := cmp.Diff(content(fresh), content(got)); diff != "" {
			t.Errorf("%s %s (-rendered +there):\n%s", want.GetKind(), want.GetName(), diff)
		}
	}
}

// content is an object without what the API server, Helm and cert-manager write.
func content(object *unstructured.Unstructured) map[string]any {
	o := object.DeepCopy().Object
	annotations := object.GetAnnotations()
	for key := range annotations {
		if strings.HasPrefix(key, "meta.helm.sh/") || strings.HasPrefix(key, "kubectl.kubernetes.io/") || strings.HasPrefix(key, "deployment.kubernetes.io/") {
			delete(annotations, key)
		}
	}
	labels := object.GetLabels()
	delete(labels, "app.kubernetes.io/managed-by")
	delete(o, "status")
	o["metadata"] = map[string]any{"labels": labels, "annotations": annotations}
	if len(annotations) == 0 {
		o["metadata"] = map[string]any{"labels": labels}
	}
	webhooks, _, _ := unstructured.NestedSlice(o, "webhooks")
	for _, webhook := range webhooks {
		unstructured.RemoveNestedField(webhook.(map[string]any), "clientConfig", "caBundle")
	}
	if webhooks != nil {
		o["webhooks"] = webhooks
	}
	for _, field := range []string{"clusterIP", "clusterIPs"} {
		unstructured.RemoveNestedField(o, "spec", field)
	}
	return o
}
