package doctor

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	certmanager "github.com/cert-manager/cert-manager/pkg/apis/certmanager/v1"
	certmeta "github.com/cert-manager/cert-manager/pkg/apis/meta/v1"
	"google.golang.org/protobuf/types/known/durationpb"
	networkingapi "istio.io/api/networking/v1alpha3"
	networkingbetaapi "istio.io/api/networking/v1beta1"
	typeapi "istio.io/api/type/v1beta1"
	networking "istio.io/client-go/pkg/apis/networking/v1alpha3"
	networkingbeta "istio.io/client-go/pkg/apis/networking/v1beta1"
	admissionregistration "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/holdfast-mesh/holdfast/test/certs"
)

// fault is something wrong. plant does it and undoes it at the end of the test.
type fault struct {
	name  string
	plant func(t *testing.T)
	want  []string // codes, sorted: its own and those of what follows from it
	says  string   // in a finding: what is wrong, or what to do
}

func faults() []fault {
	mutating := func() client.Object {
		return &admissionregistration.MutatingWebhookConfiguration{ObjectMeta: metav1.ObjectMeta{Name: "holdfast"}}
	}
	validating := func() client.Object {
		return &admissionregistration.ValidatingWebhookConfiguration{ObjectMeta: metav1.ObjectMeta{Name: "holdfast"}}
	}
	inOwn := metav1.ObjectMeta{Namespace: own, Name: "holdfast"}
	return []fault{
		{"no mutating configuration", without(mutating()), []string{"MutatingConfigurationMissing", "NotReached"}, "install holdfast again"},
		{"no validating configuration", without(validating()), []string{"ValidatingConfigurationMissing"}, "install holdfast again"},
		{"pods blocked while holdfast is away", patched(mutating(), `[{"op":"replace","path":"/webhooks/0/failurePolicy","value":"Fail"}]`), []string{"FailurePolicyChanged"}, `"value":"Ignore"`},
		{"a long timeout", patched(validating(), `[{"op":"replace","path":"/webhooks/0/timeoutSeconds","value":20}]`), []string{"TimeoutLong"}, "/webhooks/0/timeoutSeconds"},
		{"other operations", patched(mutating(), `[{"op":"replace","path":"/webhooks/0/rules/0/operations","value":["UPDATE"]}]`), []string{"NotReached", "PodsNotSent"}, "CREATE of pods"},
		{"every namespace is sent", patched(mutating(), `[{"op":"remove","path":"/webhooks/0/namespaceSelector/matchExpressions/0"}]`), []string{"OptInMismatch"}, "clusterWide"},
		{
			"--cluster-wide alone", patched(&appsv1.Deployment{ObjectMeta: inOwn}, `[{"op":"add","path":"/spec/template/spec/containers/0/args/-","value":"--cluster-wide"}]`),
			[]string{"OptInMismatch"},
			"take the expression with operator In out",
		},
		{"a second configuration", with(copyOfOwn("holdfast-old")), []string{"SeveralMutatingConfigurations"}, "holdfast-old"},

		{
			"an injector that sorts before holdfast", with(constant(injector("a-istio-injector", "rev.namespace.sidecar-injector.istio.io", "never", "there"))),
			[]string{"OrderWrong"},
			"a-istio-injector sorts before it",
		},
		{"holdfast under another name", renamedOwn("prod-holdfast"), []string{"OrderWrong"}, "istio-sidecar-injector sorts before it"},
		{"no injector", withoutInjectors, []string{"NoInjector"}, "-l app=sidecar-injector"},

		{"no Deployment", without(&appsv1.Deployment{ObjectMeta: inOwn}), []string{"DeploymentMissing"}, "--holdfast-namespace"},
		{"no pods", withoutReplicas, []string{"NoReplica"}, "describe deployment,replicaset"},
		{"a pod that is not ready", notReady, []string{"ReplicaNotReady"}, "describe pod holdfast-b"},

		{"no certificate and no rules", func(t *testing.T) {
			dir := t.TempDir()
			placeAnother(t, "holdfast-b", filepath.Join(dir, "none.yaml"), dir)
			notReady(t)
		}, []string{"NoCertificateServed", "NoRulesLoaded", "ReplicaNotReady"}, "/readyz: certificate failed: no certificate loaded"},
		{"an expired certificate", func(t *testing.T) {
			dir := t.TempDir()
			now := time.Now()
			if err := shared.holdfast.Authority.WriteValid(dir, now.Add(-2*time.Hour), now.Add(-time.Hour)); err != nil {
				t.Fatal(err)
			}
			placeAnother(t, "holdfast-b", rulesFile(t, rulesText), dir)
		}, []string{"CertificateExpired", "SecretDiffers"}, "it ended at"},
		{"the certificate of another CA", func(t *testing.T) {
			authority, err := certs.NewAuthority()
			if err != nil {
				t.Fatal(err)
			}
			dir := t.TempDir()
			if err := authority.Write(dir); err != nil {
				t.Fatal(err)
			}
			placeAnother(t, "holdfast-b", rulesFile(t, rulesText), dir)
		}, []string{"CABundleMismatch", "SecretDiffers"}, "Pod holdfast-system/holdfast-b"},
		{"no caBundle", patched(mutating(), `[{"op":"remove","path":"/webhooks/0/clientConfig/caBundle"}]`), []string{"CABundleMissing", "NotReached"}, "caBundle is empty"},
		{"the caBundle of another CA", otherBundle, []string{"CABundleMismatch"}, "ValidatingWebhookConfiguration holdfast does not trust"},
		{"no Secret", without(&corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: own, Name: "holdfast-tls"}}), []string{"SecretMissing"}, "cmctl renew"},

		{"a certificate that is not issued", func(t *testing.T) {
			set(t, func() error {
				return certificateReady(t.Context(), "holdfast", certmeta.ConditionFalse, "the issuer said no")
			})
			t.Cleanup(func() {
				set(t, func() error { return certificateReady(ctx(), "holdfast", certmeta.ConditionTrue, "") })
			})
		}, []string{"CertificateNotReady"}, "the issuer said no"},
		{"the CA behind it is not issued", func(t *testing.T) {
			set(t, func() error { return certificateReady(t.Context(), "holdfast-ca", certmeta.ConditionFalse, "no key") })
			t.Cleanup(func() {
				set(t, func() error { return certificateReady(ctx(), "holdfast-ca", certmeta.ConditionTrue, "") })
			})
		}, []string{"CertificateNotReady"}, "holdfast-system/holdfast-ca"},
		{"an issuer that is not ready", func(t *testing.T) {
			set(t, func() error { return issuerReady(t.Context(), "holdfast", certmeta.ConditionFalse, "no CA") })
			t.Cleanup(func() { set(t, func() error { return issuerReady(ctx(), "holdfast", certmeta.ConditionTrue, "") }) })
		}, []string{"IssuerNotReady"}, "describe Issuer holdfast"},
		{"an issuer that is not there", patched(&certmanager.Certificate{ObjectMeta: inOwn}, `[{"op":"replace","path":"/spec/issuerRef/name","value":"gone"}]`), []string{"IssuerMissing"}, "Issuer gone"},

		{"no rules", func(t *testing.T) {
			without(&corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: own, Name: "holdfast-rules"}})(t)
		}, []string{"RulesMissing"}, "create configmap holdfast-rules"},
		{"bad rules, forced past the webhook", badRules, []string{"RulesInvalid"}, "line 4"},
		{"a replica with older rules", func(t *testing.T) {
			placeAnother(t, "holdfast-b", rulesFile(t, "apiVersion: holdfast.dev/v1alpha1\nkind: Rules\nrules: []\n"), shared.holdfast.CertDir)
		}, []string{"RulesDiffer"}, "Pod holdfast-system/holdfast-b"},

		{"nobody at the address", patched(mutating(), `[{"op":"replace","path":"/webhooks/0/clientConfig/url","value":"https://127.0.0.1:1/mutate-pods"}]`), []string{"NotReached"}, "Namespace pay"},
		{"a policy that refuses the annotation", refusing, []string{"AnnotationsRefused"}, "annotation proxy.istio.io/config is refused: "},

		{"a system namespace opted in", patched(namespaceOf("kube-public"), `[{"op":"add","path":"/metadata/labels/holdfast.dev~1enabled","value":"true"}]`), []string{"OptInWithoutEffect"}, "namespace kube-public holdfast.dev/enabled-"},
		{"a label that says nothing", with(constant(namespaceOf("typo", "holdfast.dev/enabled", "yes"))), []string{"OptInUnknown"}, "namespace typo holdfast.dev/enabled=true"},
		{"no injection", with(constant(namespaceOf("bare", "holdfast.dev/enabled", "true"))), []string{"NoInjection"}, "namespace bare istio-injection=enabled"},
		{"ambient", with(constant(namespaceOf("ambient", "holdfast.dev/enabled", "true", "istio.io/dataplane-mode", "ambient"))), []string{"NoInjection"}, "ambient mode"},
		{"a revision that is gone", with(constant(namespaceOf("old", "holdfast.dev/enabled", "true", "istio.io/rev", "1-20"))), []string{"RevisionUnknown"}, "istio.io/rev=1-20"},

		{"an old Istio", patched(deploymentOf("istiod", ""), `[{"op":"replace","path":"/spec/template/spec/containers/0/image","value":"pilot:1.14.3-distroless"}]`), []string{"DestinationsIgnored", "PassthroughLeaks"}, "it is of version 1.14.3"},
		{"a ztunnel without keepalive", with(constant(ztunnel("ztunnel:1.28.1"))), []string{"AmbientKeepaliveIgnored"}, "1.27.5, 1.28.2 or newer"},

		{"a mesh object missing", without(envoyFilterNamed("holdfast-destinations-v1")), []string{"MeshObjectMissing"}, "holdfast render"},
		{"a mesh object changed", patched(envoyFilterNamed("holdfast-gateway-public"), `[{"op":"replace","path":"/spec/workloadSelector/labels/istio","value":"other"}]`), []string{"MeshObjectChanged"}, "cut after its drainDuration"},

		{"a DestinationRule's idle timeout", with(constant(destinationRule("redis.shop.svc.cluster.local", &networkingapi.ConnectionPoolSettings_TCPSettings{IdleTimeout: durationpb.New(time.Minute)}),
			serviceOf("redis", 6379))), []string{"IdleTimeoutOverridden"}, "rule pools wants 24h"},
		{"a DestinationRule's idle timeout, by the port of a short name", with(constant(destinationRule("db", &networkingapi.ConnectionPoolSettings_TCPSettings{IdleTimeout: durationpb.New(time.Minute)}),
			serviceOf("db", 3306))), []string{"IdleTimeoutOverridden"}, "rule databases wants 48h"},
		{"a DestinationRule that ends connections", with(constant(destinationRule("db", &networkingapi.ConnectionPoolSettings_TCPSettings{MaxConnectionDuration: durationpb.New(time.Minute)}),
			serviceOf("db", 3306))), []string{"ConnectionDurationLimited"}, "maxConnectionDuration"},
		{"a ProxyConfig with a selector", with(constant(&networkingbeta.ProxyConfig{
			ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "short"},
			Spec: networkingbetaapi.ProxyConfig{
				Selector:             &typeapi.WorkloadSelector{MatchLabels: map[string]string{"app": "cart"}},
				EnvironmentVariables: map[string]string{"ISTIO_META_IDLE_TIMEOUT": "5m"},
			},
		})), []string{"MetadataOverridden"}, "for pods with app=cart"},
		{"a ServiceEntry that takes a port", with(constant(serviceEntry())), []string{"PortCaptured"}, "rule databases has that port"},
		{"an EnvoyFilter of somebody else", with(constant(idleFilter())), []string{"IdleTimeoutOverridden"}, "EnvoyFilter istio-system/idle"},

		{"a gateway without pods", without(&corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: mesh, Name: "ingressgateway-1"}}), []string{"GatewayNotFound"}, "no pod in namespace istio-system has istio=ingressgateway"},
		{"a gateway whose namespace is not opted in", patched(namespaceOf("edge"), `[{"op":"remove","path":"/metadata/labels/holdfast.dev~1enabled"}]`), []string{"GatewayNotOptedIn"}, "kubectl label namespace edge holdfast.dev/enabled=true"},
	}
}

func rulesFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "rules.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func destinationRule(host string, tcp *networkingapi.ConnectionPoolSettings_TCPSettings) *networking.DestinationRule {
	return &networking.DestinationRule{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "pool"},
		Spec: networkingapi.DestinationRule{
			Host:          host,
			TrafficPolicy: &networkingapi.TrafficPolicy{ConnectionPool: &networkingapi.ConnectionPoolSettings{Tcp: tcp}},
		},
	}
}

func serviceOf(name string, port int32) *corev1.Service {
	return &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: name},
		Spec:       corev1.ServiceSpec{Ports: []corev1.ServicePort{{Port: port}}},
	}
}

func serviceEntry() *networking.ServiceEntry {
	return &networking.ServiceEntry{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "external"},
		Spec: networkingapi.ServiceEntry{
			Hosts: []string{"db.example.com"}, Resolution: networkingapi.ServiceEntry_DNS,
			Ports: []*networkingapi.ServicePort{{Number: 3306, Protocol: "TCP", Name: "db"}},
		},
	}
}

func ztunnel(image string) *appsv1.DaemonSet {
	d := deploymentOf("ztunnel", image)
	return &appsv1.DaemonSet{ObjectMeta: d.ObjectMeta, Spec: appsv1.DaemonSetSpec{Selector: d.Spec.Selector, Template: d.Spec.Template}}
}

func envoyFilterNamed(name string) *networking.EnvoyFilter {
	return &networking.EnvoyFilter{ObjectMeta: metav1.ObjectMeta{Namespace: mesh, Name: name}}
}
