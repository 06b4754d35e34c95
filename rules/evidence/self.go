package evidence

import (
	"strings"

	"github.com/holdfast-mesh/holdfast/rules"
	"github.com/holdfast-mesh/holdfast/rules/evidence/vocabulary"
)

// self is what a pod is itself. A host of its name is the pod, its Service, or a peer that
// was made from the same template. What a server says of its own kind of middleware is
// about itself and its peers: no client's view.
type self struct {
	workload string // without what Kubernetes appends to the names of pods
	name     string // the same without the number of a peer
	kind     string // of middleware that the pod is a server of
	// of the container that is being read, and of the pod as far as that container is of
	// its kind
	containerKind, kindHere string
}

// hashLabel is on pods of Deployments, whose names have its value too.
// Source: https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#pod-template-hash-label
const hashLabel = "pod-template-hash"

func selfOf(pod *rules.Pod) self {
	name := strings.TrimSuffix(pod.Name, "-")
	if hash := pod.Labels[hashLabel]; hash != "" {
		name, _, _ = strings.Cut(name, "-"+hash)
	}
	return self{workload: name, name: withoutNumber(name), kind: vocabulary.ServerKind(name)}
}

// enter says which container is being read.
func (s *self) enter(c *rules.Container) {
	s.containerKind = vocabulary.ServerKind(c.Name)
	s.kindHere = s.kind
	named := s.isNamedBy(c.Name)
	if named {
		s.kindHere = ""
	}
	if s.containerKind != "" || s.kindHere != "" || !named && !vocabulary.IsGeneric(c.Name) && !vocabulary.IsGeneric(s.workload) {
		return
	}
	for i := range c.Env {
		if s.containerKind = vocabulary.ServersOwn(c.Env[i].Name); s.containerKind != "" {
			return
		}
	}
}

// isNamedBy reports whether a workload that is called as a server is called as a container
// of its own before that: "ratings" of ratings-v2-mysql is ratings, which uses MySQL.
func (s *self) isNamedBy(container string) bool {
	rest, ok := strings.CutPrefix(s.workload, container)
	return ok && s.kind != "" && strings.HasPrefix(rest, "-") && vocabulary.ServerKind(container) == "" && !vocabulary.IsGeneric(container)
}

// is reports whether an address is the pod itself, by its first label, or a peer,
// whose name differs in the number only.
func (s *self) is(a *Address) bool {
	if s.workload != "" && strings.HasPrefix(a.Host, s.name) {
		rest := a.Host[len(s.name):]
		if i := strings.IndexByte(rest, '.'); i >= 0 {
			rest = rest[:i]
		}
		if rest == s.workload[len(s.name):] || isNumber(rest) {
			return true
		}
	}
	return s.serves(s.kindHere, a) || s.serves(s.containerKind, a)
}

// withoutNumber is the name that peers have in common: search of search-1.
func withoutNumber(name string) string {
	if stem := strings.TrimRight(name, "0123456789"); stem != name {
		if stem = strings.TrimSuffix(stem, "-"); stem != "" {
			return stem
		}
	}
	return name
}

// isNumber reports whether a text is "-2" or "2".
func isNumber(text string) bool {
	text = strings.TrimPrefix(text, "-")
	return text != "" && strings.Trim(text, "0123456789") == ""
}

// serves reports whether an address is that of a server of a kind.
func (s *self) serves(kind string, a *Address) bool {
	switch {
	case kind == "" || a.Kind != "":
		return kind != "" && kind == a.Kind
	case a.HTTP:
		return false
	}
	m, _ := rules.FindMiddleware(kind)
	for _, r := range m.Ports {
		if r.First <= a.Port && a.Port <= r.Last {
			return true
		}
	}
	return false
}
