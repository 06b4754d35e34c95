package istio

import (
	"fmt"
	"slices"
	"strings"
)

// Labels of pods that are gateways by themselves.
// Source: https://istio.io/latest/docs/reference/config/labels/ and, for "istio",
// https://istio.io/latest/docs/setup/additional-setup/gateway/
const (
	gatewayManagedLabel = "gateway.istio.io/managed"
	gatewayClassLabel   = "gateway.networking.k8s.io/gateway-class-name"
	gatewayNameLabel    = "gateway.networking.k8s.io/gateway-name"
	gatewayLabel        = "istio"
	componentLabel      = "operator.istio.io/component"
)

// Gateway is whether a pod is a proxy itself, and who makes its container.
type Gateway int

const (
	// NoGateway: the pod is no proxy, as far as Istio's labels and annotations say.
	NoGateway Gateway = iota
	// GatewayInjected: the injector makes the container of the template "gateway", and
	// variables of its proxyMetadata.
	GatewayInjected
	// GatewayOwn: the pod brings its container, as those of istioctl and of Gateway API
	// do. No injector touches it; pilot-agent reads the pod's ProxyConfigAnnotation when
	// it starts, and makes no variables of proxyMetadata.
	// Source: https://github.com/istio/istio/blob/eed52ebb66ad/pilot/cmd/pilot-agent/config/config.go
	GatewayOwn
	// GatewayWaypoint is a GatewayOwn for ambient pods.
	GatewayWaypoint
)

// IsGateway decides whether a pod is an ingress or egress gateway, a gateway of
// Gateway API or a waypoint, by what Istio documents. args are those of the pod's
// own container istio-proxy, and hasProxy says that there is one. what says in a few
// words what decided.
func IsGateway(f InjectionFacts, hasProxy bool, args []string) (kind Gateway, what string) {
	if names, ok := f.PodAnnotations[TemplatesAnnotation]; ok && f.isInjected() {
		for name := range strings.SplitSeq(names, ",") {
			if strings.TrimSpace(name) == "gateway" {
				return GatewayInjected, fmt.Sprintf("a gateway: annotation %s is %q", TemplatesAnnotation, names)
			}
		}
	}
	if _, injected := f.PodAnnotations[StatusAnnotation]; injected || !hasProxy {
		return NoGateway, ""
	}
	is := func(label string, values ...string) bool { return slices.Contains(values, f.PodLabels[label]) }
	runs := func(kind string) bool { return len(args) > 1 && args[0] == "proxy" && args[1] == kind }
	_, named := f.PodLabels[gatewayNameLabel]
	by := func(label string) string { return "label " + label + " is " + f.PodLabels[label] }
	switch {
	case runs("sidecar"): // of an author who injects by hand
		return NoGateway, ""
	case is(gatewayManagedLabel, "istio.io-mesh-controller"):
		return GatewayWaypoint, "a waypoint: " + by(gatewayManagedLabel)
	case is(gatewayClassLabel, "istio-waypoint"):
		return GatewayWaypoint, "a waypoint: " + by(gatewayClassLabel)
	case runs("waypoint"):
		return GatewayWaypoint, "a waypoint: container istio-proxy runs proxy waypoint"
	case named:
		return GatewayOwn, "a gateway: " + by(gatewayNameLabel)
	case is(gatewayLabel, "ingressgateway", "egressgateway"):
		return GatewayOwn, "a gateway: " + by(gatewayLabel)
	case is(componentLabel, "IngressGateways", "EgressGateways"):
		return GatewayOwn, "a gateway: " + by(componentLabel)
	case runs("router"):
		return GatewayOwn, "a gateway: container istio-proxy runs proxy router"
	}
	return NoGateway, ""
}

// isInjected reports whether the pod reaches an injector that does not leave it out,
// whatever its templates; where no label decides, one may be enabled by default.
func (f *InjectionFacts) isInjected() bool {
	if leftOut(*f) != "" {
		return false
	}
	verdict, _ := selected(*f)
	return verdict != InjectionNone
}
