package doctor

import (
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/holdfast-mesh/holdfast/istio"
)

// isInjector goes by the end of a webhook's name, which is the same for every
// revision, tag and root namespace, however the configuration is called.
// Source: https://github.com/istio/istio/blob/1.31.0/manifests/charts/istio-control/istio-discovery/templates/mutatingwebhook.yaml
func isInjector(webhook string) bool {
	return webhook == "sidecar-injector.istio.io" || strings.HasSuffix(webhook, ".sidecar-injector.istio.io")
}

// Sends reports whether the API server sends the webhook a pod with these labels in a
// namespace with those. A selector that cannot be read selects nothing.
func (m *Mutator) Sends(namespace, pod map[string]string) bool {
	return selects(m.NamespaceSelector, namespace) && selects(m.ObjectSelector, pod)
}

func selects(selector *metav1.LabelSelector, set map[string]string) bool {
	if selector == nil {
		return true
	}
	s, err := metav1.LabelSelectorAsSelector(selector)
	return err == nil && s.Matches(labels.Set(set))
}

// Injects reports whether some injector takes pods of a namespace that have these
// labels.
func (s *Snapshot) Injects(namespace, pod map[string]string) bool {
	return slices.ContainsFunc(s.Injectors(), func(m Mutator) bool { return m.Sends(namespace, pod) })
}

// Sends reports whether pods of a namespace are sent to holdfast.
func (s *Snapshot) Sends(namespace map[string]string) bool {
	return slices.ContainsFunc(s.Own(), func(m Mutator) bool { return m.Sends(namespace, nil) })
}

// Asks are labels with which a pod asks for a sidecar.
var Asks = map[string]string{istio.InjectKey: "true"}

// ClusterWide reports whether the Deployment's arguments have --cluster-wide.
func (s *Snapshot) ClusterWide() bool {
	value, given := s.Flag("cluster-wide")
	return given && value != "false"
}

// Flag returns the value of a flag in the Deployment's arguments, "true" for one
// without a value, and whether it is there. The last one wins, as in the program.
func (s *Snapshot) Flag(name string) (value string, given bool) {
	if s.Deployment.Value == nil {
		return "", false
	}
	for _, container := range s.Deployment.Value.Spec.Template.Spec.Containers {
		for i, arg := range container.Args {
			text, ok := strings.CutPrefix(arg, "--"+name)
			switch {
			case !ok:
			case strings.HasPrefix(text, "="):
				value, given = text[1:], true
			case text == "":
				value, given = "true", true
				if i+1 < len(container.Args) && !strings.HasPrefix(container.Args[i+1], "-") {
					value = container.Args[i+1]
				}
			}
		}
	}
	return value, given
}
