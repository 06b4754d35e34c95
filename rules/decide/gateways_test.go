package decide

import (
	"slices"
	"strings"
	"testing"

	"github.com/holdfast-mesh/holdfast/istio"
	"github.com/holdfast-mesh/holdfast/rules"
)

const gatewayRules = `rules:
- name: sidecars
  destinations: {middleware: [redis]}
  strategy: {idleTimeout: 48h}
gateways:
- name: public
  namespace: edge
  selector: {istio: ingressgateway}
  ports: [8443]
  keepalive: {time: 300s, interval: 20s, probes: 4}
  idleTimeout: 24h
  drainDuration: 12h
  stopsLast: true
- name: longer
  namespace: edge
  selector: {tier: front}
  idleTimeout: 36h
- name: listeners
  namespace: edge
  selector: {istio: egressgateway}
  ports: [15443]
  keepalive: {time: 300s, interval: 20s, probes: 4}
`

// gatewayPod is a pod of namespace edge with a container istio-proxy.
func gatewayPod(labels map[string]string, own ...string) *rules.Pod {
	pod := shopPod(own...)
	pod.Namespace.Name, pod.Labels = "edge", labels
	pod.Containers = []rules.Container{{Name: "istio-proxy", Args: []string{"proxy", "router"}}}
	return pod
}

// injectedGateway is one that the injector makes of a template.
func injectedGateway(own ...string) *rules.Pod {
	pod := gatewayPod(map[string]string{"istio": "ingressgateway", istio.InjectKey: "true"}, append(own, istio.TemplatesAnnotation, "gateway")...)
	pod.Containers[0].Args = nil
	return pod
}

// Which entries are for which pods that are proxies themselves, and what they get.
func TestGateways(t *testing.T) {
	const idle, drain, end = `ISTIO_META_IDLE_TIMEOUT: "24h"`, `drainDuration: "43200s"`, `EXIT_ON_ZERO_ACTIVE_CONNECTIONS: "true"`
	labels := func(pairs ...string) map[string]string {
		m := map[string]string{istio.InjectKey: "false"}
		for i := 0; i < len(pairs); i += 2 {
			m[pairs[i]] = pairs[i+1]
		}
		return m
	}
	elsewhere := gatewayPod(labels("istio", "ingressgateway"))
	elsewhere.Namespace.Name = "other"
	optedOut := injectedGateway()
	optedOut.Labels[rules.EnabledKey] = "false"
	waits := gatewayPod(labels("istio", "ingressgateway"))
	waits.Containers[0].Env = []rules.EnvVar{{Name: istio.ExitOnZeroMetadata, Value: "true"}}
	other, same := gatewayPod(labels("tier", "front")), gatewayPod(labels("tier", "front"))
	other.Containers[0].Env = []rules.EnvVar{{Name: istio.IdleTimeoutMetadata, Value: "1h"}}
	same.Containers[0].Env = []rules.EnvVar{{Name: istio.IdleTimeoutMetadata, Value: "36h"}}
	noProxy := gatewayPod(map[string]string{"istio": "ingressgateway"})
	noProxy.Containers[0].Name = "nginx"
	for _, test := range []struct {
		rule     string
		pod      *rules.Pod
		reason   rules.Reason
		names    []string
		has      []string // parts of the ProxyConfig afterwards
		detail   string   // a part
		warning  rules.WarningCode
		verdicts []rules.VerdictReason // of the entries, in file order
	}{
		{
			"by template", injectedGateway(), rules.Patched,
			[]string{"gateways/public"},
			[]string{idle, drain, end},
			`a gateway: annotation inject.istio.io/templates is "gateway"`, "",
			[]rules.VerdictReason{rules.VerdictMatched, rules.VerdictPodSelectorMismatch, rules.VerdictPodSelectorMismatch},
		},
		{
			"istioctl's; the variable is for who makes its container", gatewayPod(labels("istio", "ingressgateway")), rules.Patched,
			[]string{"gateways/public"},
			[]string{idle, drain, end},
			"label istio is ingressgateway", rules.WarnStopsLastNotReached,
			[]rules.VerdictReason{rules.VerdictMatched, rules.VerdictPodSelectorMismatch, rules.VerdictPodSelectorMismatch},
		},
		{
			"which may have done it", waits, rules.Patched,
			[]string{"gateways/public"},
			[]string{idle, drain, end},
			"", "",
			[]rules.VerdictReason{rules.VerdictMatched, rules.VerdictPodSelectorMismatch, rules.VerdictPodSelectorMismatch},
		},
		{
			"several entries unite as rules do", gatewayPod(labels("istio", "ingressgateway", "tier", "front")), rules.Patched,
			[]string{"gateways/public", "gateways/longer"},
			[]string{`ISTIO_META_IDLE_TIMEOUT: "36h"`, drain},
			"", rules.WarnStopsLastNotReached,
			[]rules.VerdictReason{rules.VerdictMatched, rules.VerdictMatched, rules.VerdictPodSelectorMismatch},
		},
		{
			"its container says something else", other, rules.Patched,
			[]string{"gateways/longer"},
			[]string{`"36h"`},
			"", rules.WarnIdleTimeoutNotReached,
			[]rules.VerdictReason{rules.VerdictPodSelectorMismatch, rules.VerdictMatched, rules.VerdictPodSelectorMismatch},
		},
		{
			"or the same", same, rules.Patched,
			[]string{"gateways/longer"},
			[]string{`"36h"`},
			"", "",
			[]rules.VerdictReason{rules.VerdictPodSelectorMismatch, rules.VerdictMatched, rules.VerdictPodSelectorMismatch},
		},
		{
			"a waypoint", gatewayPod(labels("gateway.istio.io/managed", "istio.io-mesh-controller", "tier", "front")), rules.Patched,
			[]string{"gateways/longer"},
			[]string{`"36h"`},
			"a waypoint: ", rules.WarnTunnelsCutIdle,
			[]rules.VerdictReason{rules.VerdictPodSelectorMismatch, rules.VerdictMatched, rules.VerdictPodSelectorMismatch},
		},
		{
			"one that no entry names stays as it is", gatewayPod(labels("istio", "mine")), rules.NoSidecar, nil, nil, "no entry of gateways has anything for it", "",
			[]rules.VerdictReason{rules.VerdictPodSelectorMismatch, rules.VerdictPodSelectorMismatch, rules.VerdictPodSelectorMismatch},
		},
		{
			"nor is one of another namespace", elsewhere, rules.NoSidecar, nil, nil, "no entry of gateways has anything for it", "",
			[]rules.VerdictReason{rules.VerdictNamespaceMismatch, rules.VerdictNamespaceMismatch, rules.VerdictNamespaceMismatch},
		},
		{
			"keepalive is the listeners' alone", gatewayPod(labels("istio", "egressgateway")), rules.NoSidecar, nil, nil, "no entry of gateways has anything for it", "",
			[]rules.VerdictReason{rules.VerdictPodSelectorMismatch, rules.VerdictPodSelectorMismatch, rules.VerdictNothingForPods},
		},
		{
			"opted out", optedOut, rules.OptedOut, nil, nil, "", "", []rules.VerdictReason{rules.VerdictNotAGateway},
		},
		{
			"the author's own values win", injectedGateway(istio.ProxyConfigAnnotation, "drainDuration: 75s\nproxyMetadata: {ISTIO_META_IDLE_TIMEOUT: 10m}\n"), rules.Patched,
			[]string{"gateways/public"},
			[]string{"drainDuration: 75s", "ISTIO_META_IDLE_TIMEOUT: 10m", end},
			"wins over", "",
			[]rules.VerdictReason{rules.VerdictMatched, rules.VerdictPodSelectorMismatch, rules.VerdictPodSelectorMismatch},
		},
		{
			"what would stop the proxy is left alone", gatewayPod(labels("istio", "ingressgateway"), istio.ProxyConfigAnnotation, "concurrency: two\n"), rules.LeftAlone, nil,
			[]string{"concurrency: two"},
			"", rules.WarnProxyConfigLeftAlone,
			[]rules.VerdictReason{rules.VerdictMatched, rules.VerdictPodSelectorMismatch, rules.VerdictPodSelectorMismatch},
		},
		{
			"a pod that is no proxy is for rules, whatever its labels", noProxy, rules.Patched, []string{"sidecars"}, []string{`"48h"`}, "", "", []rules.VerdictReason{rules.VerdictNotAGateway},
		},
	} {
		set := compileRules(t, gatewayRules)
		o, verdicts := set.Explain(test.pod, Options{})
		var reasons []rules.VerdictReason
		for _, v := range verdicts {
			if strings.HasPrefix(v.Rule, "gateways/") {
				reasons = append(reasons, v.Reason)
			}
		}
		if o.Reason != test.reason || !slices.Equal(o.Rules, test.names) || !strings.Contains(o.Detail, test.detail) || !slices.Equal(reasons, test.verdicts) {
			t.Errorf("%s: got %s (%s), %q, verdicts %q; want %s (%s), %q, %q", test.rule, o.Reason, o.Detail, o.Rules, reasons, test.reason, test.detail, test.names, test.verdicts)
		}
		if len(o.Warnings) != 0 && (len(o.Warnings) > 1 || o.Warnings[0].Code != test.warning || !seenWhole(&o.Warnings[0])) || test.warning != "" && len(o.Warnings) == 0 {
			t.Errorf("%s: got warnings %v, want %q", test.rule, o.Warnings, test.warning)
		}
		apply(test.pod, o)
		text := test.pod.Annotations[istio.ProxyConfigAnnotation]
		for _, part := range test.has {
			if !strings.Contains(text, part) {
				t.Errorf("%s: got %q, want %s in it", test.rule, text, part)
			}
		}
		if test.has == nil && text != "" {
			t.Errorf("%s: got %q, want nothing", test.rule, text)
		}
		if again := set.Decide(test.pod, Options{}); len(again.Set)+len(again.Remove) > 0 {
			t.Errorf("%s: got %+v on the own result, want no edit", test.rule, again)
		}
	}
}

// What an entry wrote goes with it, and price and time are said as for sidecars.
func TestGatewaysAreTakenBack(t *testing.T) {
	pod := injectedGateway()
	hasty := int64(5)
	pod.GracePeriod = &hasty
	o := compileRules(t, gatewayRules).Decide(pod, Options{})
	if len(o.Price) != 1 || !strings.HasPrefix(o.Price[0], "stopsLast: the pod may end as late as its grace period, 5 s, while connections through it are open") ||
		len(o.Warnings) != 1 || o.Warnings[0].Code != rules.WarnGracePeriodTooShort || strings.Contains(o.Warnings[0].Message, "sidecar") {
		t.Errorf("got price %q and warnings %v, want those of stopsLast", o.Price, o.Warnings)
	}
	apply(pod, o)
	o = compileRules(t, strings.Split(gatewayRules, "gateways:")[0]).Decide(pod, Options{})
	apply(pod, o)
	if _, ok := pod.Annotations[istio.ProxyConfigAnnotation]; ok || o.Reason != rules.TakenBack {
		t.Errorf("got %s and %v, want all of it taken back", o.Reason, pod.Annotations)
	}
}

// The file's mode is that of its gateways, and each pod draws its own drainDuration.
func TestGatewaysObserveAndDraw(t *testing.T) {
	if o := compileRules(t, "mode: Observe\n"+gatewayRules).Decide(injectedGateway(), Options{}); o.Reason != rules.Observed || len(o.Set) > 0 || len(o.Would) == 0 {
		t.Errorf("got %+v, want Observed with what would be", o)
	}
	set := compileRules(t, strings.Replace(gatewayRules, "drainDuration: 12h", "drainDuration: 12h\n  drainJitter: 50", 1))
	for lot, want := range map[float64]string{1e-9: `drainDuration: "21600s"`, 1: `drainDuration: "64800s"`} {
		pod := injectedGateway()
		pod.Lot = lot
		apply(pod, set.Decide(pod, Options{}))
		if got := pod.Annotations[istio.ProxyConfigAnnotation]; !strings.Contains(got, want) {
			t.Errorf("lot %g: got %s, want %s", lot, got, want)
		}
	}
}
