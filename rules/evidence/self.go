package evidence

import (
	"strings"

	"github.com/holdfast-mesh/holdfast/rules"
)

// self is what a pod is called itself. A host of that name is the pod, its Service, or
// a peer that was made from the same template: no client's view of a server.
type self struct {
	workload string // without what Kubernetes appends to the names of pods
	app      string // of the label
	name     string // of the label
}

// Labels that say what a pod is.
// Source: https://kubernetes.io/docs/concepts/overview/working-with-objects/common-labels/
const (
	appLabel  = "app"
	nameLabel = "app.kubernetes.io/name"
	hashLabel = "pod-template-hash"
)

func selfOf(pod *rules.Pod) self {
	name := strings.TrimSuffix(pod.Name, "-")
	if hash := pod.Labels[hashLabel]; hash != "" {
		name, _, _ = strings.Cut(name, "-"+hash)
	}
	return self{workload: name}
}

// is reports whether a host is the pod itself, by its first label.
func (s *self) is(host string) bool {
	if s.workload == "" || !strings.HasPrefix(host, s.workload) {
		return false
	}
	rest := host[len(s.workload):]
	return rest == "" || rest[0] == '.'
}
