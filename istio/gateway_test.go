package istio

import (
	"strings"
	"testing"
)

// Pods as Istio's own charts and templates make them, and others beside them.
func TestIsGateway(t *testing.T) {
	templates := map[string]string{TemplatesAnnotation: "gateway"}
	for _, test := range []struct {
		rule     string
		facts    InjectionFacts
		hasProxy bool
		args     string
		want     Gateway
		what     string // a part
	}{
		{
			"the chart gateway: a template, and a label that asks for it",
			InjectionFacts{PodLabels: map[string]string{InjectKey: "true", "istio": "ingress"}, PodAnnotations: templates},
			true, "", GatewayInjected, `annotation inject.istio.io/templates is "gateway"`,
		},
		{"by the namespace's label", InjectionFacts{NamespaceLabels: map[string]string{InjectionLabel: "enabled"}, NamespaceLabelsKnown: true, PodAnnotations: templates}, true, "", GatewayInjected, "gateway"},
		{"also where it is injected already", InjectionFacts{PodLabels: map[string]string{InjectKey: "true"}, PodAnnotations: map[string]string{TemplatesAnnotation: "gateway", StatusAnnotation: "{}"}}, true, "proxy router", GatewayInjected, "gateway"},
		{"with templates of the installation's own", InjectionFacts{PodLabels: map[string]string{InjectKey: "true"}, PodAnnotations: map[string]string{TemplatesAnnotation: "ours, gateway"}}, true, "", GatewayInjected, "ours, gateway"},
		{"a template of another kind", InjectionFacts{PodLabels: map[string]string{InjectKey: "true"}, PodAnnotations: map[string]string{TemplatesAnnotation: "grpc-agent"}}, true, "", NoGateway, ""},
		{"a template that no injector is asked for", InjectionFacts{PodLabels: map[string]string{InjectKey: "false"}, PodAnnotations: templates}, false, "", NoGateway, ""},
		{"nor on the host's network", InjectionFacts{HostNetwork: true, PodLabels: map[string]string{InjectKey: "true"}, PodAnnotations: templates}, true, "", NoGateway, ""},
		{"istioctl's ingress gateway", InjectionFacts{PodLabels: map[string]string{InjectKey: "false", "istio": "ingressgateway"}}, true, "proxy router", GatewayOwn, "label istio is ingressgateway"},
		{"its egress gateway, on the host's network", InjectionFacts{HostNetwork: true, PodLabels: map[string]string{"istio": "egressgateway"}}, true, "", GatewayOwn, "label istio is egressgateway"},
		{"one with a name of its own, by its component", InjectionFacts{PodLabels: map[string]string{"istio": "mine", "operator.istio.io/component": "IngressGateways"}}, true, "", GatewayOwn, "label operator.istio.io/component"},
		{"or by what its container runs", InjectionFacts{PodLabels: map[string]string{"istio": "mine"}}, true, "proxy router", GatewayOwn, "runs proxy router"},
		{
			"Gateway API's",
			InjectionFacts{PodLabels: map[string]string{InjectKey: "false", "gateway.networking.k8s.io/gateway-name": "edge", "gateway.networking.k8s.io/gateway-class-name": "istio", "gateway.istio.io/managed": "istio.io-gateway-controller"}},
			true, "proxy router", GatewayOwn, "label gateway.networking.k8s.io/gateway-name is edge",
		},
		{
			"a waypoint",
			InjectionFacts{PodLabels: map[string]string{InjectKey: "false", DataplaneModeLabel: "none", "gateway.networking.k8s.io/gateway-name": "waypoint", "gateway.networking.k8s.io/gateway-class-name": "istio-waypoint", "gateway.istio.io/managed": "istio.io-mesh-controller"}},
			true, "proxy waypoint", GatewayWaypoint, "label gateway.istio.io/managed is istio.io-mesh-controller",
		},
		{"by its class alone", InjectionFacts{PodLabels: map[string]string{"gateway.networking.k8s.io/gateway-class-name": "istio-waypoint"}}, true, "", GatewayWaypoint, "istio-waypoint"},
		{"by what it runs", InjectionFacts{}, true, "proxy waypoint --domain x", GatewayWaypoint, "runs proxy waypoint"},
		{"a gateway of Gateway API that is not Istio's proxy", InjectionFacts{PodLabels: map[string]string{"gateway.networking.k8s.io/gateway-name": "edge"}}, false, "", NoGateway, ""},
		{"a label alone makes no proxy", InjectionFacts{PodLabels: map[string]string{"istio": "ingressgateway"}}, false, "", NoGateway, ""},
		{"a sidecar that was injected", InjectionFacts{PodLabels: map[string]string{"istio": "ingressgateway"}, PodAnnotations: map[string]string{StatusAnnotation: "{}"}}, true, "proxy sidecar", NoGateway, ""},
		{"whatever it runs", InjectionFacts{PodLabels: map[string]string{"istio": "ingressgateway"}, PodAnnotations: map[string]string{StatusAnnotation: "{}"}}, true, "", NoGateway, ""},
		{"one that was injected by hand", InjectionFacts{PodLabels: map[string]string{"istio": "ingressgateway"}}, true, "proxy sidecar", NoGateway, ""},
		{"a container that the author gives the injector to start from", InjectionFacts{PodLabels: map[string]string{InjectKey: "true"}}, true, "", NoGateway, ""},
		{"any other pod", InjectionFacts{PodLabels: map[string]string{"app": "cart"}}, false, "", NoGateway, ""},
	} {
		got, what := IsGateway(test.facts, test.hasProxy, strings.Fields(test.args))
		if got != test.want || !strings.Contains(what, test.what) || (what == "") != (got == NoGateway) {
			t.Errorf("%s: got %d, %q, want %d with %q", test.rule, got, what, test.want, test.what)
		}
	}
}
