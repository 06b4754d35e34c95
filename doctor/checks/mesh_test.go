package checks

import (
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/structpb"
	networkingapi "istio.io/api/networking/v1alpha3"
	networkingbetaapi "istio.io/api/networking/v1beta1"
	typeapi "istio.io/api/type/v1beta1"
	networking "istio.io/client-go/pkg/apis/networking/v1alpha3"
	networkingbeta "istio.io/client-go/pkg/apis/networking/v1beta1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/holdfast-mesh/holdfast/doctor"
	"github.com/holdfast-mesh/holdfast/istio"
	"github.com/holdfast-mesh/holdfast/mesh"
	"github.com/holdfast-mesh/holdfast/rules"
)

// withRules is a snapshot with these rules, and a Deployment without flags.
func withRules(t *testing.T, text string) *doctor.Snapshot {
	t.Helper()
	s := seenMutators(nil, mutator("holdfast", doctor.PodsWebhook))
	s.Rules.Value = doctor.ReadRules("ConfigMap a/b", "apiVersion: holdfast.dev/v1alpha1\nkind: Rules\n"+text)
	if s.Rules.Value.File == nil {
		t.Fatal(s.Rules.Value.Problems)
	}
	s.EnvoyFilters.Value = &doctor.EnvoyFilters{}
	return s
}

const (
	sidecarRules = `rules: [{name: r, destinations: {middleware: [redis]}, workloads: {referencing: true}, strategy: {idleTimeout: 2h}}]`
	scopedRules  = `rules: [{name: r, destinations: {ports: [6379]}, strategy: {idleTimeout: 2h, scope: Destinations}}]`
)

// Versions at both sides of each limit, and the texts that they are read off.
func TestIstio(t *testing.T) {
	state := func(text string, w doctor.Workload) *doctor.Snapshot {
		s := withRules(t, text)
		if w.Labels == nil {
			w.Labels = map[string]string{}
		}
		if w.Labels["app"] == "" {
			w.Labels["app"] = "istiod"
		}
		s.ControlPlanes.Value = []doctor.Workload{w}
		return s
	}
	image := func(text, image string) *doctor.Snapshot {
		return state(text, doctor.Workload{Name: "x", Image: image})
	}
	ambient := func(image string) *doctor.Snapshot {
		return state(sidecarRules, doctor.Workload{Name: "x", Image: image, Labels: map[string]string{"app": "ztunnel"}})
	}
	waypoint := func(image, config string) *doctor.Snapshot {
		s := state(sidecarRules, doctor.Workload{Image: image})
		s.Waypoints.Value = []metav1.PartialObjectMetadata{{ObjectMeta: metav1.ObjectMeta{Annotations: map[string]string{istio.ProxyConfigAnnotation: config}}}}
		return s
	}
	none := withRules(t, sidecarRules)
	table(t, doctor.Istio, []judged{
		{name: "new", state: image(scopedRules, "hub/pilot:1.31.0"), says: "x 1.31.0"},
		{name: "1.13.9", state: image(sidecarRules, "pilot:1.13.9"), codes: []doctor.Code{doctor.PassthroughIgnored}, says: "upgrade to 1.14.5 or newer"},
		{name: "1.13.9, and nobody asks for it", state: image("rules: []", "pilot:1.13.9")},
		{name: "1.14.0", state: image(sidecarRules, "pilot:1.14.0"), codes: []doctor.Code{doctor.PassthroughLeaks}},
		{name: "1.14.4", state: image(sidecarRules, "pilot:1.14.4"), codes: []doctor.Code{doctor.PassthroughLeaks}},
		{name: "1.14.5", state: image(sidecarRules, "pilot:1.14.5")},
		{name: "1.15.1", state: image(sidecarRules, "pilot:1.15.1"), codes: []doctor.Code{doctor.PassthroughLeaks}},
		{name: "1.15.2", state: image(sidecarRules, "pilot:1.15.2")},
		{name: "1.27.9 with scope Destinations", state: image(scopedRules, "pilot:1.27.9"), codes: []doctor.Code{doctor.DestinationsIgnored}},
		{name: "1.27.9 without", state: image(sidecarRules, "pilot:1.27.9")},
		{name: "1.28 with scope Destinations", state: image(scopedRules, "pilot:1.28-alpha.0123")},
		{name: "ztunnel 1.27.4", state: ambient("ztunnel:1.27.4"), codes: []doctor.Code{doctor.KeepaliveIgnored}},
		{name: "ztunnel 1.27.5", state: ambient("ztunnel:1.27.5")},
		{name: "ztunnel 1.28.1", state: ambient("ztunnel:1.28.1-distroless"), codes: []doctor.Code{doctor.KeepaliveIgnored}},
		{name: "ztunnel 1.28.2", state: ambient("ztunnel:1.28.2")},
		{name: "a waypoint that is to end at zero, 1.30.2", state: waypoint("pilot:1.30.2", `proxyMetadata: {EXIT_ON_ZERO_ACTIVE_CONNECTIONS: "true"}`), codes: []doctor.Code{doctor.ExitOnZeroIgnored}},
		{name: "the same, 1.30.3", state: waypoint("pilot:1.30.3", `proxyMetadata: {EXIT_ON_ZERO_ACTIVE_CONNECTIONS: "true"}`)},
		{name: "a waypoint that asks for nothing, 1.30.2", state: waypoint("pilot:1.30.2", "concurrency: 2")},
		{name: "a registry with a port, and a digest behind the tag", state: image(scopedRules, "registry:5000/istio/pilot:1.27.1@sha256:0123"), codes: []doctor.Code{doctor.DestinationsIgnored}},
		{name: "a digest alone, and a label", state: state(scopedRules, doctor.Workload{Image: "registry:5000/pilot@sha256:0123", Labels: map[string]string{"app.kubernetes.io/version": "1.27.1"}}), codes: []doctor.Code{doctor.DestinationsIgnored}},
		{name: "a digest alone, and Helm's label", state: state(scopedRules, doctor.Workload{Image: "pilot@sha256:0123", Labels: map[string]string{"helm.sh/chart": "istiod-1.27.1"}}), codes: []doctor.Code{doctor.DestinationsIgnored}},
		{name: "no version", state: image(scopedRules, "pilot:latest"), unseen: `neither its image "pilot:latest" nor its labels tell`},
		{name: "no control plane", state: none, unseen: "no Deployment istiod"},
	})
}

func TestMeshObjects(t *testing.T) {
	there := func(change func(*networkingapi.EnvoyFilter)) *doctor.Snapshot {
		s := withRules(t, scopedRules)
		for _, o := range mesh.For(s.Rules.Value.File) {
			f := &networking.EnvoyFilter{ObjectMeta: metav1.ObjectMeta{Namespace: o.Namespace, Name: o.Name}, Spec: *o.Spec.DeepCopy()}
			if change != nil {
				change(&f.Spec)
			}
			s.EnvoyFilters.Value.Items = append(s.EnvoyFilters.Value.Items, f)
		}
		return s
	}
	elsewhere := there(nil)
	elsewhere.EnvoyFilters.Value.Items[0].Namespace = "default"
	unknown := withRules(t, scopedRules)
	unknown.EnvoyFilters.Value = nil
	table(t, doctor.MeshObjects, []judged{
		{name: "none needed", state: withRules(t, sidecarRules), says: "the rules need none"},
		{name: "there", state: there(nil), says: "1 EnvoyFilter needed"},
		{name: "missing", state: withRules(t, scopedRules), codes: []doctor.Code{doctor.MeshObjectMissing}, says: "EnvoyFilter istio-system/holdfast-destinations-v1"},
		{name: "in another namespace", state: elsewhere, codes: []doctor.Code{doctor.MeshObjectMissing}},
		{name: "changed", state: there(func(f *networkingapi.EnvoyFilter) { f.Priority = 5 }), codes: []doctor.Code{doctor.MeshObjectChanged}, says: "cut after their drainDuration"},
		{name: "no definitions", state: unknown, codes: []doctor.Code{doctor.DefinitionsMissing}},
	})
}

func TestGateways(t *testing.T) {
	const text = `gateways: [{name: edge, namespace: in, selector: {b: "2", a: "1"}, ports: [1], keepalive: {time: 1s, interval: 1s, probes: 1}}]`
	state := func(there doctor.Seen[bool]) *doctor.Snapshot {
		s := withRules(t, text)
		s.GatewayPods = map[string]doctor.Seen[bool]{"edge": there}
		return s
	}
	more := strings.Replace(text, "ports:", "idleTimeout: 24h, ports:", 1)
	inNamespace := func(text string, labels map[string]string) *doctor.Snapshot {
		s := withRules(t, text)
		s.GatewayPods = map[string]doctor.Seen[bool]{"edge": {Value: true}}
		s.Namespaces.Value = []doctor.Namespace{{Name: "in", Labels: labels}, {Name: "other", Labels: map[string]string{rules.EnabledKey: "true"}}}
		return s
	}
	blind := inNamespace(more, nil)
	blind.Namespaces = doctor.Seen[[]doctor.Namespace]{Unseen: "forbidden to list namespaces"}
	table(t, doctor.Gateways, []judged{
		{name: "found", state: state(doctor.Seen[bool]{Value: true}), says: "1 entry"},
		{name: "not found", state: state(doctor.Seen[bool]{}), codes: []doctor.Code{doctor.GatewayNotFound}, says: "no pod in namespace in has a=1,b=2"},
		{name: "keepalive needs no opt-in", state: inNamespace(text, nil), says: "1 entry"},
		{name: "the rest does", state: inNamespace(more, nil), codes: []doctor.Code{doctor.GatewayNotOptedIn}, says: "kubectl label namespace in holdfast.dev/enabled=true"},
		{name: "so it is no", state: inNamespace(more, map[string]string{rules.EnabledKey: "false"}), codes: []doctor.Code{doctor.GatewayNotOptedIn}},
		{name: "opted in", state: inNamespace(more, map[string]string{rules.EnabledKey: "true"}), says: "1 entry"},
		{name: "namespaces not to be seen", state: blind, unseen: "forbidden to list namespaces"},
		{name: "not to be seen", state: state(doctor.Seen[bool]{Unseen: "forbidden to list pods in namespace in"}), unseen: "forbidden to list pods in namespace in"},
	})
}

func TestNamespaces(t *testing.T) {
	state := func(sidecars doctor.Seen[bool], labels map[string]string) *doctor.Snapshot {
		byLabel, byRevision := mutator("istio", "namespace.sidecar-injector.istio.io"), mutator("istio-rev", injectorName)
		byLabel.Webhooks[0].NamespaceSelector = &metav1.LabelSelector{MatchLabels: map[string]string{istio.InjectionLabel: "enabled"}}
		byRevision.Webhooks[0].NamespaceSelector = &metav1.LabelSelector{
			MatchLabels:      map[string]string{istio.RevisionLabel: "stable"},
			MatchExpressions: []metav1.LabelSelectorRequirement{{Key: istio.InjectionLabel, Operator: metav1.LabelSelectorOpDoesNotExist}},
		}
		s := withRules(t, `gateways: [{name: edge, namespace: edge, selector: {a: "1"}, ports: [1], keepalive: {time: 1s, interval: 1s, probes: 1}}]`)
		s.Mutating.Value = append(s.Mutating.Value, byLabel, byRevision)
		s.Namespaces.Value = []doctor.Namespace{{Name: "shop", Labels: labels}}
		s.HasSidecars = map[string]doctor.Seen[bool]{"shop": sidecars}
		return s
	}
	labels := func(more ...string) map[string]string {
		all := map[string]string{rules.EnabledKey: "true"}
		for i := 0; i < len(more); i += 2 {
			all[more[i]] = more[i+1]
		}
		return all
	}
	no := doctor.Seen[bool]{}
	gateway := state(no, labels())
	gateway.Namespaces.Value[0].Name = "edge"
	left := state(no, labels())
	left.Mutating.Value[0].Webhooks[0].NamespaceSelector.MatchLabels["team"] = "a"
	table(t, doctor.Namespaces, []judged{
		{name: "injected by label", state: state(no, labels(istio.InjectionLabel, "enabled")), says: "1 namespace opted in by label"},
		{name: "injected by revision", state: state(no, labels(istio.RevisionLabel, "stable"))},
		{name: "no revision of that name", state: state(no, labels(istio.RevisionLabel, "gone")), codes: []doctor.Code{doctor.RevisionUnknown}, says: "istio.io/rev=gone"},
		{name: "the label disabled goes before the revision", state: state(no, labels(istio.RevisionLabel, "stable", istio.InjectionLabel, "disabled")), codes: []doctor.Code{doctor.NoInjection}},
		{name: "no label, no sidecars", state: state(no, labels()), codes: []doctor.Code{doctor.NoInjection}},
		{name: "no label, and pods that ask by themselves", state: state(doctor.Seen[bool]{Value: true}, labels())},
		{name: "no label, and pods that may not be seen", state: state(doctor.Seen[bool]{Unseen: "forbidden to list pods"}, labels()), unseen: "forbidden to list pods"},
		{name: "ambient", state: state(no, labels(istio.DataplaneModeLabel, "ambient")), codes: []doctor.Code{doctor.NoInjection}, says: "ambient mode"},
		{name: "of a gateway that the rules name", state: gateway},
		{name: "not opted in", state: state(no, nil), says: "0 namespaces opted in"},
		{name: "opted out", state: state(no, map[string]string{rules.EnabledKey: "false"})},
		{name: "neither", state: state(no, map[string]string{rules.EnabledKey: "True"}), codes: []doctor.Code{doctor.OptInUnknown}, says: `holdfast.dev/enabled="True"`},
		{name: "left out by the selector", state: left, codes: []doctor.Code{doctor.OptInWithoutEffect}},
	})
}

func TestProbes(t *testing.T) {
	state := func(probes ...doctor.Probe) *doctor.Snapshot {
		return &doctor.Snapshot{Namespace: "holdfast-system", Probes: probes}
	}
	limited := state(doctor.Probe{Namespace: "a", Answered: true})
	limited.ProbeLimit = "2 of 3 were left out"
	table(t, doctor.Reachability, []judged{
		{name: "answered", state: state(doctor.Probe{Namespace: "a", Answered: true}, doctor.Probe{Namespace: "b", Answered: true}), says: "in 2 namespaces"},
		{name: "one is not", state: state(doctor.Probe{Namespace: "a", Answered: true}, doctor.Probe{Namespace: "b"}), codes: []doctor.Code{doctor.NotReached}, says: "Namespace b"},
		{name: "refused by somebody", state: state(doctor.Probe{Namespace: "a", Unseen: "namespace a: refused"}), unseen: "namespace a: refused"},
		{name: "nothing opted in", state: state(), unseen: "kubectl label namespace NAME holdfast.dev/enabled=true"},
		{name: "some left out", state: limited, unseen: "2 of 3 were left out"},
	})
	table(t, doctor.Policies, []judged{
		{name: "taken", state: state(doctor.Probe{Namespace: "a"}), says: "in 1 namespace"},
		{name: "refused", state: state(doctor.Probe{Namespace: "a", Refused: map[string]string{"x": "no x", "b": "no b"}}), codes: []doctor.Code{doctor.AnnotationsRefused, doctor.AnnotationsRefused}, says: "a pod with annotation b is refused: no b"},
		{name: "refused without annotations too", state: state(doctor.Probe{Namespace: "a", PolicyUnseen: "namespace a: quota"}), unseen: "namespace a: quota"},
	})
}

func TestOverrides(t *testing.T) {
	const text = `
rules:
- {name: port, destinations: {ports: [6379]}, workloads: {referencing: true}, strategy: {idleTimeout: 2h}}
- {name: host, destinations: {hosts: ["*.example.com"]}, workloads: {referencing: true}, strategy: {idleTimeout: 0s}}
- {name: scoped, destinations: {ports: [5432]}, strategy: {idleTimeout: 2h, scope: Destinations}}
- {name: net, destinations: {cidrs: [10.0.0.0/8]}, strategy: {idleTimeout: 2h}}
- {name: past, destinations: {ports: [27017]}, strategy: {bypass: Ports}}
- {name: named, destinations: {hosts: [db.example.net], ports: [1521]}, workloads: {referencing: true}, strategy: {idleTimeout: 2h}}
- {name: drain, destinations: {ports: [9042]}, workloads: {referencing: true}, strategy: {drainDuration: 1h}}
`
	state := func(change func(*doctor.Snapshot)) *doctor.Snapshot {
		s := withRules(t, text)
		s.Namespaces.Value = []doctor.Namespace{{Name: "shop", Labels: map[string]string{rules.EnabledKey: "true"}}}
		s.Ports.Value = map[string][]int32{"shop/redis": {6379}, "shop/pg": {5432}, "shop/web": {80}, "shop/mongo": {27017}, "shop/cassandra": {9042}}
		change(s)
		return s
	}
	destination := func(host string, idle time.Duration) *doctor.Snapshot {
		return state(func(s *doctor.Snapshot) {
			tcp := &networkingapi.ConnectionPoolSettings_TCPSettings{IdleTimeout: durationpb.New(idle)}
			s.DestinationRules.Value = []*networking.DestinationRule{{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "d"}, Spec: networkingapi.DestinationRule{
				Host: host, TrafficPolicy: &networkingapi.TrafficPolicy{ConnectionPool: &networkingapi.ConnectionPoolSettings{Tcp: tcp}},
			}}}
		})
	}
	most := func(host string) *doctor.Snapshot {
		s := destination(host, time.Hour)
		s.DestinationRules.Value[0].Spec.TrafficPolicy.ConnectionPool.Tcp = &networkingapi.ConnectionPoolSettings_TCPSettings{MaxConnectionDuration: durationpb.New(time.Hour)}
		return s
	}
	entry := func(change func(*networking.ServiceEntry)) *doctor.Snapshot {
		return state(func(s *doctor.Snapshot) {
			e := &networking.ServiceEntry{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "e"}, Spec: networkingapi.ServiceEntry{
				Hosts: []string{"redis.example.org"}, Resolution: networkingapi.ServiceEntry_DNS, Ports: []*networkingapi.ServicePort{{Number: 6379, Protocol: "TCP"}},
			}}
			change(e)
			s.ServiceEntries.Value = []*networking.ServiceEntry{e}
		})
	}
	proxy := func(selector *typeapi.WorkloadSelector, key string) *doctor.Snapshot {
		return state(func(s *doctor.Snapshot) {
			s.ProxyConfigs.Value = []*networkingbeta.ProxyConfig{{Spec: networkingbetaapi.ProxyConfig{Selector: selector, EnvironmentVariables: map[string]string{key: "1h"}}}}
		})
	}
	some := &typeapi.WorkloadSelector{MatchLabels: map[string]string{"app": "a"}}
	filter := func(namespace string, context networkingapi.EnvoyFilter_PatchContext, port uint32, timeout string) *doctor.Snapshot {
		value, err := structpb.NewStruct(map[string]any{"typed_config": map[string]any{
			"@type": "type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy", "idle_timeout": timeout,
		}})
		if err != nil {
			t.Fatal(err)
		}
		return state(func(s *doctor.Snapshot) {
			s.EnvoyFilters.Value.Items = []*networking.EnvoyFilter{{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "f"}, Spec: networkingapi.EnvoyFilter{
				ConfigPatches: []*networkingapi.EnvoyFilter_EnvoyConfigObjectPatch{{
					ApplyTo: networkingapi.EnvoyFilter_NETWORK_FILTER,
					Match: &networkingapi.EnvoyFilter_EnvoyConfigObjectMatch{Context: context, ObjectTypes: &networkingapi.EnvoyFilter_EnvoyConfigObjectMatch_Listener{
						Listener: &networkingapi.EnvoyFilter_ListenerMatch{PortNumber: port},
					}},
					Patch: &networkingapi.EnvoyFilter_Patch{Operation: networkingapi.EnvoyFilter_Patch_MERGE, Value: value},
				}},
			}}}
		})
	}
	scoped := filter("istio-system", networkingapi.EnvoyFilter_SIDECAR_OUTBOUND, 0, "600s")
	scoped.Rules = withRules(t, scopedRules).Rules
	const outbound = networkingapi.EnvoyFilter_SIDECAR_OUTBOUND
	idle, limited, metadata, port := []doctor.Code{doctor.IdleTimeoutOverride}, []doctor.Code{doctor.ConnectionLimited}, []doctor.Code{doctor.MetadataOverride}, []doctor.Code{doctor.PortCaptured}
	table(t, doctor.Overrides, []judged{
		{name: "nothing", state: state(func(*doctor.Snapshot) {}), says: "0 DestinationRules, 0 ServiceEntries, 0 ProxyConfigs, 0 EnvoyFilters"},
		{name: "a shorter idle timeout, by port", state: destination("redis", time.Hour), codes: idle, says: "rule port wants 2h"},
		{name: "the whole name", state: destination("redis.shop.svc.cluster.local", time.Hour), codes: idle},
		{name: "the same", state: destination("redis", 2*time.Hour)},
		{name: "a longer one", state: destination("redis", 3*time.Hour)},
		{name: "none at all", state: destination("redis", 0)},
		{name: "any is shorter than none", state: destination("api.example.com", 100*time.Hour), codes: idle, says: "rule host"},
		{name: "what scope Destinations sets wins over it", state: destination("pg", time.Hour)},
		{name: "another port", state: destination("web", time.Hour)},
		{name: "past the sidecar", state: destination("mongo", time.Hour)},
		{name: "a Service that nobody knows", state: destination("gone", time.Hour), unseen: "DestinationRule shop/d: on which ports its host gone listens, so that it may win over rule port"},
		{name: "a limit of a connection's life", state: most("redis"), codes: limited, says: "tcp.maxConnectionDuration 1h"},
		{name: "of a rule without idle timeout", state: most("cassandra"), codes: limited, says: "rule drain"},
		{name: "of what goes past the sidecar", state: most("mongo")},
		{name: "a port without an address", state: entry(func(*networking.ServiceEntry) {}), codes: port, says: "port 6379 (TCP) of redis.example.org without addresses; rule port has that port"},
		{name: "with an address", state: entry(func(e *networking.ServiceEntry) { e.Spec.Addresses = []string{"10.0.0.1"} })},
		{name: "with one that Istio allocated", state: entry(func(e *networking.ServiceEntry) {
			e.Status.Addresses = []*networkingapi.ServiceEntryAddress{{Value: "240.240.0.1"}}
		})},
		{name: "TLS tells its name", state: entry(func(e *networking.ServiceEntry) { e.Spec.Ports[0].Protocol = "TLS" })},
		{name: "another port of it", state: entry(func(e *networking.ServiceEntry) { e.Spec.Ports[0].Number = 6380 })},
		{name: "a port that goes past the sidecar", state: entry(func(e *networking.ServiceEntry) { e.Spec.Ports[0].Number = 27017 })},
		{name: "the host that a rule means", state: entry(func(e *networking.ServiceEntry) {
			e.Spec.Hosts, e.Spec.Ports[0].Number = []string{"db.example.net"}, 1521
		})},
		{name: "goes where it was meant to", state: entry(func(e *networking.ServiceEntry) { e.Spec.Resolution = networkingapi.ServiceEntry_NONE })},
		{name: "seen by nobody who is opted in", state: entry(func(e *networking.ServiceEntry) { e.Namespace, e.Spec.ExportTo = "other", []string{"."} })},
		{name: "seen by its own namespace", state: entry(func(e *networking.ServiceEntry) { e.Spec.ExportTo = []string{"."} }), codes: port},
		{name: "a ProxyConfig with a selector", state: proxy(some, istio.IdleTimeoutMetadata), codes: metadata},
		{name: "a key of holdfast's own", state: proxy(some, istio.HoldfastMetadataPrefix+"_KEEPALIVE"), codes: metadata},
		{name: "without a selector the annotation wins", state: proxy(nil, istio.IdleTimeoutMetadata)},
		{name: "another key", state: proxy(some, "ISTIO_META_DNS_CAPTURE")},
		{name: "an EnvoyFilter", state: filter("istio-system", outbound, 0, "600s"), codes: idle, says: "idle_timeout 10m in the TCP proxy of every port"},
		{name: "for a port of a rule", state: filter("istio-system", outbound, 6379, "600s"), codes: idle, says: "port 6379"},
		{name: "a rule without ports may mean any", state: filter("istio-system", outbound, 6379, "9000s"), codes: idle, says: "where rule host wants 0s"},
		{name: "in an opted-in namespace", state: filter("shop", outbound, 0, "600s"), codes: idle},
		{name: "in another namespace", state: filter("other", outbound, 0, "600s")},
		{name: "what scope Destinations sets wins over it too", state: scoped},
		{name: "inbound", state: filter("istio-system", networkingapi.EnvoyFilter_SIDECAR_INBOUND, 0, "600s")},
	})
}
