package gather

import (
	"context"
	"crypto/rand"
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/holdfast-mesh/holdfast/doctor"
	"github.com/holdfast-mesh/holdfast/istio"
	"github.com/holdfast-mesh/holdfast/rules"
)

// maxProbed is in how many namespaces pods are tried: three dry runs each.
const maxProbed = 30

// probes creates pods in dry runs: one that asks holdfast for an answer, and one with
// and one without holdfast's annotations, for whoever may refuse them.
func (g *gatherer) probes(ctx context.Context) {
	names := g.probed()
	s := g.snapshot
	s.Probes = make([]doctor.Probe, len(names))
	each(ctx, len(names), func(i int) {
		p := &s.Probes[i]
		p.Namespace = names[i]
		if g.wants(doctor.Reachability) {
			g.answer(ctx, p)
		}
		if g.wants(doctor.Policies) {
			g.refusals(ctx, p)
		}
	})
}

// probed chooses namespaces: those whose pods are sent, as far as that is known.
func (g *gatherer) probed() (names []string) {
	s := g.snapshot
	if g.Only != "" {
		return []string{g.Only}
	}
	for _, n := range s.OptedIn() {
		if len(s.Own()) == 0 || s.Sends(n.Labels) {
			names = append(names, n.Name)
		}
	}
	if all := len(names); all > maxProbed {
		names = names[:maxProbed]
		s.ProbeLimit = fmt.Sprintf("dry-run pods in %d of %d opted-in namespaces: only the first %d are tried; -n NAMESPACE tries one", all-maxProbed, all, maxProbed)
	}
	return names
}

// answer asks holdfast for an answer by a probe.
func (g *gatherer) answer(ctx context.Context, p *doctor.Probe) {
	probe := "doctor-" + strings.ToLower(rand.Text()[:8]) // so that no other warning is taken for the answer
	pod := newPod(p.Namespace)
	pod.Annotations[rules.ProbeAnnotation] = probe
	warnings, err := g.dryRun(ctx, pod)
	for _, warning := range warnings {
		if reason, ok := rules.ReadProbeAnswer(warning, probe); ok {
			p.Answered, p.Answer = true, reason
			return
		}
	}
	if err != nil { // somebody refused it, before or after holdfast was to be asked
		p.Unseen = whyRefused(err, p.Namespace)
	}
}

// refusals finds out which of holdfast's annotations make the API server refuse a pod
// that it takes without them. No webhook of holdfast or Istio is called for these.
func (g *gatherer) refusals(ctx context.Context, p *doctor.Probe) {
	try := func(annotations map[string]string) error {
		pod := newPod(p.Namespace)
		pod.Labels[rules.EnabledKey], pod.Labels[istio.InjectKey] = "false", "false"
		maps.Copy(pod.Annotations, annotations)
		_, err := g.dryRun(ctx, pod)
		return err
	}
	if err := try(nil); err != nil {
		p.PolicyUnseen = whyRefused(err, p.Namespace)
		return
	}
	written := g.written()
	if try(written) == nil {
		return
	}
	p.Refused = map[string]string{}
	for key, value := range written {
		if err := try(map[string]string{key: value}); err != nil {
			p.Refused[key] = err.Error()
		}
	}
	if len(p.Refused) == 0 { // not one of them: all together
		if err := try(written); err != nil {
			p.Refused[strings.Join(slices.Sorted(maps.Keys(written)), " and ")] = err.Error()
		}
	}
}

func whyRefused(err error, namespace string) string {
	return fmt.Sprintf("namespace %s: a dry-run pod is refused, whatever holdfast does: %v; it takes the right to create pods there, or -n with another namespace", namespace, err)
}

// written are the annotations that the rules write, with values that Istio takes; all
// of them where the rules are not known.
func (g *gatherer) written() map[string]string {
	all := map[string]string{
		rules.AppliedAnnotation:                 `{"rules":["doctor"],"hash":"0000000000000000"}`,
		rules.KeepaliveAnnotation:               "120s-30s-3",
		istio.ProxyConfigAnnotation:             `proxyMetadata: {ISTIO_META_IDLE_TIMEOUT: "48h"}`,
		istio.ExcludeOutboundPortsAnnotation:    "6379",
		istio.ExcludeOutboundIPRangesAnnotation: "192.0.2.0/24",
	}
	file := g.file()
	if len(file.Rules) == 0 {
		return all
	}
	used := map[string]bool{rules.AppliedAnnotation: true}
	for i := range file.Rules {
		switch strategy := &file.Rules[i].Strategy; {
		case strategy.Bypass == rules.BypassPorts:
			used[istio.ExcludeOutboundPortsAnnotation] = true
		case strategy.Bypass == rules.BypassCIDRs:
			used[istio.ExcludeOutboundIPRangesAnnotation] = true
		default:
			used[istio.ProxyConfigAnnotation] = true
			if strategy.Keepalive != nil {
				used[rules.KeepaliveAnnotation] = true
			}
		}
	}
	maps.DeleteFunc(all, func(key, _ string) bool { return !used[key] })
	return all
}

// dryRun creates a pod that is never stored, and returns what the API server warns of.
func (g *gatherer) dryRun(ctx context.Context, pod *corev1.Pod) (warned []string, err error) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	ctx, taken := withWarnings(ctx)
	err = g.client.Create(ctx, pod, client.DryRunAll)
	return taken.texts, err
}

// newPod is a pod that the strictest standards and quotas let pass, where they let any.
// Source: https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted
func newPod(namespace string) *corev1.Pod {
	yes, no := true, false
	small := corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("1m"), corev1.ResourceMemory: resource.MustParse("1Mi")}
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: namespace, GenerateName: "holdfast-doctor-",
			Labels:      map[string]string{"app.kubernetes.io/name": "holdfast-doctor", istio.InjectKey: "true"},
			Annotations: map[string]string{},
		},
		Spec: corev1.PodSpec{
			AutomountServiceAccountToken: &no,
			RestartPolicy:                corev1.RestartPolicyNever,
			SecurityContext: &corev1.PodSecurityContext{
				RunAsNonRoot: &yes, SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
			},
			Containers: []corev1.Container{{
				Name: "probe", Image: "holdfast-doctor:never-pulled",
				Resources: corev1.ResourceRequirements{Requests: small, Limits: small},
				SecurityContext: &corev1.SecurityContext{
					AllowPrivilegeEscalation: &no, ReadOnlyRootFilesystem: &yes, RunAsUser: new(int64(65532)),
					Capabilities: &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
				},
			}},
		},
	}
}
