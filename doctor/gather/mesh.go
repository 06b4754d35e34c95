package gather

import (
	"cmp"
	"context"
	"fmt"

	networking "istio.io/client-go/pkg/apis/networking/v1alpha3"
	networkingbeta "istio.io/client-go/pkg/apis/networking/v1beta1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/holdfast-mesh/holdfast/doctor"
	"github.com/holdfast-mesh/holdfast/istio"
	"github.com/holdfast-mesh/holdfast/rules"
)

// waypoints selects the pods of waypoints.
// Source: https://istio.io/latest/docs/ambient/usage/waypoint/
var waypoints = client.MatchingLabels{"gateway.networking.k8s.io/gateway-class-name": "istio-waypoint"}

// file is the rules in force, empty ones where they are not to be read.
func (g *gatherer) file() *rules.File {
	if m := g.snapshot.Rules.Value; m != nil && m.File != nil {
		return m.File
	}
	return &rules.File{}
}

// controlPlanes looks for istiod and ztunnel in Istio's root namespace and where its
// injectors are: no right for the whole cluster is needed.
func (g *gatherer) controlPlanes(ctx context.Context) {
	s := g.snapshot
	namespaces := map[string]bool{cmp.Or(g.file().Mesh.RootNamespace, istio.DefaultRootNamespace): true}
	for _, injector := range s.Injectors() {
		if service := injector.ClientConfig.Service; service != nil {
			namespaces[service.Namespace] = true
		}
	}
	add := func(kind string, o *metav1.ObjectMeta, template *corev1.PodTemplateSpec) {
		w := doctor.Workload{Kind: kind, Namespace: o.Namespace, Name: o.Name, Labels: o.Labels}
		if c := template.Spec.Containers; len(c) > 0 {
			w.Image = c[0].Image
		}
		s.ControlPlanes.Value = append(s.ControlPlanes.Value, w)
	}
	for namespace := range namespaces {
		in := client.InNamespace(namespace)
		for _, unseen := range []string{
			list(ctx, g, "deployments.apps", &appsv1.DeploymentList{}, func(page *appsv1.DeploymentList) {
				for i := range page.Items {
					add("Deployment", &page.Items[i].ObjectMeta, &page.Items[i].Spec.Template)
				}
			}, in, client.MatchingLabels{"app": "istiod"}),
			list(ctx, g, "daemonsets.apps", &appsv1.DaemonSetList{}, func(page *appsv1.DaemonSetList) {
				for i := range page.Items {
					add("DaemonSet", &page.Items[i].ObjectMeta, &page.Items[i].Spec.Template)
				}
			}, in, client.MatchingLabels{"app": "ztunnel"}),
		} {
			s.ControlPlanes.Unseen = cmp.Or(s.ControlPlanes.Unseen, unseen)
		}
	}
	s.Waypoints.Unseen = list(ctx, g, "pods", metadataList(corev1.SchemeGroupVersion.WithKind("PodList")), func(page *metav1.PartialObjectMetadataList) {
		s.Waypoints.Value = append(s.Waypoints.Value, page.Items...)
	}, waypoints)
}

func (g *gatherer) envoyFilters(ctx context.Context) {
	s := g.snapshot
	answered := false // also with none: then the kind is known
	filters := &doctor.EnvoyFilters{}
	s.EnvoyFilters.Unseen = list(ctx, g, "envoyfilters.networking.istio.io", &networking.EnvoyFilterList{}, func(page *networking.EnvoyFilterList) {
		answered = true
		filters.Items = append(filters.Items, page.Items...)
	})
	if answered && s.EnvoyFilters.Unseen == "" {
		s.EnvoyFilters.Value = filters
	}
}

func (g *gatherer) overrides(ctx context.Context) {
	s := g.snapshot
	s.DestinationRules.Unseen = list(ctx, g, "destinationrules.networking.istio.io", &networking.DestinationRuleList{}, func(page *networking.DestinationRuleList) {
		s.DestinationRules.Value = append(s.DestinationRules.Value, page.Items...)
	})
	s.ServiceEntries.Unseen = list(ctx, g, "serviceentries.networking.istio.io", &networking.ServiceEntryList{}, func(page *networking.ServiceEntryList) {
		s.ServiceEntries.Value = append(s.ServiceEntries.Value, page.Items...)
	})
	s.ProxyConfigs.Unseen = list(ctx, g, "proxyconfigs.networking.istio.io", &networkingbeta.ProxyConfigList{}, func(page *networkingbeta.ProxyConfigList) {
		s.ProxyConfigs.Value = append(s.ProxyConfigs.Value, page.Items...)
	})
	g.ports(ctx)
}

// ports asks for the Services of the few DestinationRules that say how long
// connections live.
func (g *gatherer) ports(ctx context.Context) {
	s := g.snapshot
	s.Ports.Value = map[string][]int32{}
	asked := map[string]bool{}
	for _, d := range s.DestinationRules.Value {
		tcp := d.Spec.GetTrafficPolicy().GetConnectionPool().GetTcp()
		key, ok := doctor.ServiceOf(d.Spec.Host, d.Namespace)
		if tcp.GetIdleTimeout() == nil && tcp.GetMaxConnectionDuration() == nil || !ok || asked[key.String()] {
			continue
		}
		asked[key.String()] = true
		service := &corev1.Service{}
		found, unseen := g.get(ctx, "services", key.Namespace, key.Name, service)
		s.Ports.Unseen = cmp.Or(s.Ports.Unseen, unseen)
		if !found {
			continue
		}
		list := []int32{}
		for _, p := range service.Spec.Ports {
			list = append(list, p.Port)
		}
		s.Ports.Value[key.String()] = list
	}
}

// gatewayPods looks for one pod of each entry of the rules.
func (g *gatherer) gatewayPods(ctx context.Context) {
	s := g.snapshot
	s.GatewayPods = map[string]doctor.Seen[bool]{}
	for _, entry := range g.file().Gateways {
		var there doctor.Seen[bool]
		there.Unseen = list(ctx, g, "pods", metadataList(corev1.SchemeGroupVersion.WithKind("PodList")), func(page *metav1.PartialObjectMetadataList) {
			there.Value = there.Value || len(page.Items) > 0
		}, client.InNamespace(entry.Namespace), client.MatchingLabelsSelector{Selector: labels.SelectorFromSet(entry.Selector)})
		s.GatewayPods[entry.Name] = there
	}
}

// maxLooked is how many namespaces without injection are looked at for pods that have
// a sidecar all the same.
const maxLooked = 50

// sidecars looks whether pods have them where no label of the namespace asks.
func (g *gatherer) sidecars(ctx context.Context) {
	s := g.snapshot
	s.HasSidecars = map[string]doctor.Seen[bool]{}
	if s.Mutating.Unseen != "" || len(s.Injectors()) == 0 {
		return
	}
	for _, n := range s.Namespaces.Value {
		if n.Labels[rules.EnabledKey] != "true" || s.Injects(n.Labels, nil) {
			continue
		}
		var there doctor.Seen[bool]
		if len(s.HasSidecars) >= maxLooked {
			there.Unseen = fmt.Sprintf("whether pods have sidecars in more than %d namespaces without an injection label", maxLooked)
		} else {
			there.Unseen = list(ctx, g, "pods", metadataList(corev1.SchemeGroupVersion.WithKind("PodList")), func(page *metav1.PartialObjectMetadataList) {
				for i := range page.Items {
					if _, injected := page.Items[i].Annotations[istio.StatusAnnotation]; injected {
						there.Value = true
					}
				}
			}, client.InNamespace(n.Name))
		}
		s.HasSidecars[n.Name] = there
	}
}
