package chart

import (
	"slices"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/holdfast-mesh/holdfast/test/cluster"
)

// chosen are values of the chart, as flags of helm.
type chosen struct {
	name  string
	flags []string
}

// choices is every value that is a choice, each with the others at their defaults, and
// all of them together.
func choices(t *testing.T) []chosen {
	t.Helper()
	list := []chosen{
		{"defaults", nil},
		{"image", set("image.repository=registry.example.com:5000/team/holdfast", "image.tag=v2_x", "image.pullPolicy=Always", "imagePullSecrets[0].name=registry")},
		{"digest", set("image.digest=sha256:" + strings.Repeat("0a", 32))},
		{"labels", set("extraLabels.team=mesh", "podLabels.tier=system", "podAnnotations.example\\.com/logs=json", "serviceAccountAnnotations.example\\.com/role=none")},
		{"one replica", set("replicas=1")},
		{"many replicas", set("replicas=5")},
		{"cluster-wide", set("clusterWide=true", "excludedNamespaces={kube-system,gke-system}")},
		// null is how a parent's values take a default away.
		{"nothing", set("excludedNamespaces=null", "extraLabels=null", "podLabels=null", "podAnnotations=null", "image.tag=null", "imagePullSecrets=null", "priorityClassName=null",
			"nodeSelector=null", "tolerations=null", "affinity=null", "extraArgs=null", "resources=null", "dashboard.labels=null", "serviceMonitor.labels=null", "istio.revisions=null")},
		{"own rules", set("rules.create=false")},
		{"revisions", set("istio.revisions={default,1-30}")},
		{"root namespace", set("istio.rootNamespace=mesh-root")},
		{"no ConfigMaps", set("readConfigMaps=false")},
		{"no mesh objects", set("meshObjects=false")},
		{"managed mesh", set("manageMesh=true")},
		{"cert-manager", certManagerMode},
		{"cert-manager with an issuer", append(set("certificates.certManager.issuerRef.name=ours", "certificates.certManager.issuerRef.kind=ClusterIssuer", "certificates.certManager.duration=720h", "certificates.certManager.renewBefore=240h30m"), certManagerMode...)},
		{"client certificates", set("clientCertificates.configMap=api-server-ca")},
		{"timeouts", set("timeoutSeconds.pods=1", "timeoutSeconds.rules=30")},
		{"GKE", set("ports.webhook=10250")},
		{"EKS", set("hostNetwork=true", "ports.webhook=19443", "ports.metrics=19080", "ports.health=19081")},
		{"DNS", set("dnsPolicy=Default")},
		{"no priority", set("priorityClassName=")},
		{"own priority", set("priorityClassName=platform")},
		{"resources", set("resources.limits.memory=1Gi", "resources.requests.cpu=100m")},
		{"no limits", set("resources.limits=null")},
		{"placement", set("nodeSelector.pool=system", "tolerations[0].key=system", "tolerations[0].operator=Exists", "affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution=null")},
		{"arguments", set("extraArgs={--zap-log-level=debug,--tls-min-version=1.2}")},
		{"no network policy", set("networkPolicy.enabled=false")},
		{"network policy", set("networkPolicy.apiServerPorts={443,6443}", "networkPolicy.webhookFrom[0].ipBlock.cidr=10.0.0.0/28", "networkPolicy.metricsFrom[0].namespaceSelector.matchLabels.name=monitoring")},
		{"monitoring", set("serviceMonitor.enabled=true", "serviceMonitor.labels.release=prometheus", "prometheusRule.enabled=true", "prometheusRule.labels.release=prometheus", "dashboard.enabled=true", "dashboard.annotations.grafana_folder=mesh")},
		{"namespace", set("namespace.create=true")},
		{"namespace and host network", set("namespace.create=true", "hostNetwork=true")},
	}
	everything := chosen{name: "everything"}
	for _, one := range list {
		// The values that take others away would make it less than everything.
		if !slices.Contains([]string{"one replica", "own rules", "no ConfigMaps", "no mesh objects", "no limits", "no network policy", "no priority", "nothing"}, one.name) {
			everything.flags = append(everything.flags, one.flags...)
		}
	}
	return append(list, everything)
}

var certManagerMode = set("certificates.mode=cert-manager")

func set(values ...string) []string {
	var flags []string
	for _, value := range values {
		flags = append(flags, "--set", value)
	}
	return flags
}

// render is what the chart renders, as objects.
func render(t *testing.T, namespace string, flags ...string) []*unstructured.Unstructured {
	t.Helper()
	objects, err := cluster.Render(namespace, flags...)
	if err != nil {
		t.Fatal(err)
	}
	return objects
}

// object finds one.
func object(t *testing.T, objects []*unstructured.Unstructured, kind, name string) *unstructured.Unstructured {
	t.Helper()
	at := slices.IndexFunc(objects, func(o *unstructured.Unstructured) bool { return o.GetKind() == kind && o.GetName() == name })
	if at < 0 {
		t.Fatalf("the chart renders no %s %s", kind, name)
	}
	return objects[at]
}
