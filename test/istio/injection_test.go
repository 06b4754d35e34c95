package istio_test

import (
	"context"
	"fmt"
	"maps"
	"runtime"
	"sync"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/holdfast-mesh/holdfast/istio"
	"github.com/holdfast-mesh/holdfast/test/istio/mesh"
)

// absent is a key that is not there, as opposed to an empty value.
const absent = "(absent)"

// The injection table: every combination of these is created as a pod, and
// holdfast's verdict is compared with what the injector did.
var (
	// "true" is what people write by mistake; only "enabled" counts.
	namespaceInjection = []string{absent, "enabled", "disabled", "true", ""}
	// Revisions that are installed, by name and by tag, and an empty one, which
	// names none.
	namespaceRevision = []string{absent, "default", tag, ""}
	// The newer way to ask for a sidecar or to refuse one. Only "true" and
	// "false" mean something, "yes" is a mistake.
	podInjectLabel = []string{absent, "true", "false", "yes", ""}
	podRevision    = []string{absent, "default", excluding, ""}
	// The older way, which the label beats.
	podInjectAnnotation = []string{absent, "true", "false", "yes"}
	podHostNetwork      = []bool{false, true}
	// Only "sidecar" captures traffic; blanks in a list count for nothing.
	podTemplates = []string{absent, "sidecar", "gateway", "grpc-agent", "grpc-simple, sidecar"}
)

// combination is one cell of the table.
type combination struct {
	namespace, podLabels, annotations map[string]string
	hostNetwork                       bool
}

func (c combination) String() string {
	return fmt.Sprintf("namespace labels %v, pod labels %v, annotations %v, hostNetwork %t", c.namespace, c.podLabels, c.annotations, c.hostNetwork)
}

// keyed makes a label or annotation map; absent values are left out.
func keyed(pairs ...string) map[string]string {
	m := map[string]string{}
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] != absent {
			m[pairs[i]] = pairs[i+1]
		}
	}
	return m
}

// combinations calls f with the whole table.
func combinations(f func(combination)) {
	for _, injection := range namespaceInjection {
		for _, revision := range namespaceRevision {
			namespace := keyed(istio.InjectionLabel, injection, istio.RevisionLabel, revision)
			for _, label := range podInjectLabel {
				for _, podRevision := range podRevision {
					labels := keyed(istio.InjectKey, label, istio.RevisionLabel, podRevision)
					for _, annotation := range podInjectAnnotation {
						for _, templates := range podTemplates {
							annotations := keyed(istio.InjectKey, annotation, istio.TemplatesAnnotation, templates)
							for _, hostNetwork := range podHostNetwork {
								f(combination{namespace, labels, annotations, hostNetwork})
							}
						}
					}
				}
			}
		}
	}
}

// injectionTable creates every combination and returns how many there were.
// unlabelled is what the injector does to pods that no label speaks of.
func injectionTable(t *testing.T, unlabelled bool) int {
	namespaces := map[string]string{} // by labels
	var cells []combination
	combinations(func(c combination) {
		key := fmt.Sprint(c.namespace)
		if namespaces[key] == "" {
			namespaces[key] = newNamespace(t, c.namespace)
		}
		cells = append(cells, c)
	})
	work := make(chan combination)
	var group sync.WaitGroup
	for range 4 * runtime.GOMAXPROCS(0) {
		group.Go(func() {
			for c := range work {
				checkInjection(t, namespaces[fmt.Sprint(c.namespace)], c, unlabelled)
			}
		})
	}
	for _, c := range cells {
		work <- c
	}
	close(work)
	group.Wait()
	return len(cells)
}

// checkInjection compares the verdict for one pod with what became of it.
func checkInjection(t *testing.T, namespace string, c combination, unlabelled bool) {
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: namespace, Name: "cell",
			Labels: maps.Clone(c.podLabels), Annotations: maps.Clone(c.annotations),
		},
		Spec: corev1.PodSpec{HostNetwork: c.hostNetwork, Containers: []corev1.Container{{Name: "app", Image: "app:1"}}},
	}
	created, _, err := shared.mesh.CreatePod(context.Background(), pod, client.DryRunAll)
	if err != nil {
		t.Errorf("%v: %v", c, err)
		return
	}
	facts := istio.InjectionFacts{
		Namespace: namespace, NamespaceLabels: c.namespace, NamespaceLabelsKnown: true,
		PodLabels: c.podLabels, PodAnnotations: c.annotations, HostNetwork: c.hostNetwork,
	}
	verdict, detail := istio.WillInject(facts)
	want := verdict == istio.InjectionSidecar || verdict == istio.InjectionUnlabelled && unlabelled
	if got := captured(created); got != want {
		t.Errorf("%v: injector captures its traffic: %t, verdict %v (%s)", c, got, verdict, detail)
	}
	// From the pod alone a "no" must hold in every namespace of the table.
	facts.NamespaceLabels, facts.NamespaceLabelsKnown = nil, false
	if verdict, detail := istio.WillInject(facts); verdict == istio.InjectionNone && captured(created) {
		t.Errorf("%v: injector captures its traffic, verdict %v (%s) without knowing the namespace", c, verdict, detail)
	}
}

// captured reports whether the injector gave a pod what redirects its traffic.
func captured(pod *corev1.Pod) bool {
	return mesh.Container(pod, "istio-init") != nil && mesh.Container(pod, mesh.ProxyContainer) != nil
}

// "Will it have a sidecar?" agrees with the real injector, every combination.
func TestInjectionTable(t *testing.T) {
	count := injectionTable(t, false)
	t.Logf("%d combinations", count)
}

// The same where Istio was installed to inject wherever nothing is said.
func TestInjectionTableByDefault(t *testing.T) {
	byDefault := mesh.Revision{Name: plain, EnableNamespacesByDefault: true}
	if _, err := shared.mesh.InstallRevision(t.Context(), byDefault); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := shared.mesh.InstallRevision(context.Background(), mesh.Revision{Name: plain}); err != nil {
			t.Error(err)
		}
	})
	count := injectionTable(t, true)
	t.Logf("%d combinations", count)
}

// What the table's columns cannot say: Istio's own namespaces, revisions that
// are not installed, ambient.
func TestInjectionBeyondTheTable(t *testing.T) {
	for _, test := range []struct {
		rule      string
		namespace string // "" makes one
		c         combination
		want      istio.Injection
		captured  bool
	}{
		{
			rule:      "kube-system never gets sidecars, whatever the pod asks for",
			namespace: "kube-system", c: combination{podLabels: keyed(istio.InjectKey, "true")},
			want: istio.InjectionNone,
		},
		{
			rule:      "kube-public neither",
			namespace: "kube-public", c: combination{podLabels: keyed(istio.InjectKey, "true")},
			want: istio.InjectionNone,
		},
		{
			// holdfast cannot know what is installed. An annotation too many
			// does nothing; one too few cuts connections.
			rule: "a revision that is not installed counts as if it were",
			c:    combination{namespace: keyed(istio.RevisionLabel, "1-99")},
			want: istio.InjectionSidecar,
		},
		{
			rule: "a pod that says it is injected already is injected again",
			c:    combination{namespace: keyed(istio.InjectionLabel, "enabled"), annotations: keyed(istio.StatusAnnotation, "{}")},
			want: istio.InjectionSidecar, captured: true,
		},
		{
			rule: "a namespace in ambient mode: no sidecar, so nothing to patch",
			c:    combination{namespace: keyed(istio.DataplaneModeLabel, "ambient")},
			want: istio.InjectionNone,
		},
		{
			rule: "a sidecar wins over ambient",
			c:    combination{namespace: keyed(istio.DataplaneModeLabel, "ambient", istio.InjectionLabel, "enabled")},
			want: istio.InjectionSidecar, captured: true,
		},
	} {
		t.Run(test.rule, func(t *testing.T) {
			namespace := test.namespace
			if namespace == "" {
				namespace = newNamespace(t, test.c.namespace)
			}
			created, _, err := shared.mesh.CreatePod(t.Context(), &corev1.Pod{
				ObjectMeta: metav1.ObjectMeta{
					Namespace: namespace, Name: "cell",
					Labels: maps.Clone(test.c.podLabels), Annotations: maps.Clone(test.c.annotations),
				},
				Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "app", Image: "app:1"}}},
			}, client.DryRunAll)
			if err != nil {
				t.Fatal(err)
			}
			if got := captured(created); got != test.captured {
				t.Errorf("injector captures its traffic: got %t, want %t", got, test.captured)
			}
			got, detail := istio.WillInject(istio.InjectionFacts{
				Namespace: namespace, NamespaceLabels: test.c.namespace, NamespaceLabelsKnown: true,
				PodLabels: test.c.podLabels, PodAnnotations: test.c.annotations,
			})
			if got != test.want {
				t.Errorf("verdict: got %v (%s), want %v", got, detail, test.want)
			}
		})
	}
}
