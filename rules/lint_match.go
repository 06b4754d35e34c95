package rules

import (
	"slices"
	"strings"

	yaml "go.yaml.in/yaml/v4"

	"github.com/holdfast-mesh/holdfast/istio"
)

// namespaceNameLabel is on every namespace, with its name.
// Source: https://kubernetes.io/docs/reference/labels-annotations-taints/#kubernetes-io-metadata-name
const namespaceNameLabel = "kubernetes.io/metadata.name"

// uninjected are the namespaces that Istio's injector always leaves out.
// Source: https://github.com/istio/istio/blob/1.31.0/pkg/kube/inject/inject.go (IgnoredNamespaces)
var uninjected = []string{"kube-system", "kube-public", "kube-node-lease", "local-path-storage"}

// neverMatches warns of a rule whose conditions no pod can meet.
func (l *loader) neverMatches(r *Rule, workloads *yaml.Node, at *path) {
	if why := r.Workloads.impossible(); why != "" {
		l.warnAt(l.resolve(workloads), NeverMatches, &path{up: at, key: "workloads"}, "got conditions that no pod can meet (%s), want a rule that can match", why)
	}
}

// impossible says why no pod can meet the conditions, or nothing.
func (w *Workloads) impossible() string {
	pod, why := w.PodSelector.needs()
	if why != "" {
		return "podSelector: " + why
	}
	namespace, why := w.NamespaceSelector.needs()
	if why != "" {
		return "namespaceSelector: " + why
	}
	switch {
	case pod.only(EnabledKey, "false"), namespace.only(EnabledKey, "false"):
		return EnabledKey + " false opts out of every rule"
	case pod.only(istio.InjectKey, "false"):
		return "with " + istio.InjectKey + " false there is no sidecar"
	case namespace.only(istio.InjectionLabel, "disabled"):
		return "with " + istio.InjectionLabel + " disabled there is no sidecar"
	}
	if len(w.Namespaces) == 0 {
		return ""
	}
	if all(w.Namespaces, func(s string) bool { return slices.Contains(uninjected, s) }) {
		return "Istio adds no sidecar in " + strings.Join(w.Namespaces, ", ")
	}
	names := namespace.values(namespaceNameLabel)
	exact := all(w.Namespaces, func(s string) bool { return !strings.Contains(s, "*") })
	if exact && names != nil && all(w.Namespaces, func(s string) bool { return !slices.Contains(names, s) }) {
		return "namespaces and namespaceSelector name different namespaces"
	}
	return ""
}

func all(list []string, ok func(string) bool) bool {
	return !slices.ContainsFunc(list, func(s string) bool { return !ok(s) })
}

// labelNeeds are the values that each key may have for a selector to match;
// only keys with such a list are in it.
type labelNeeds []labelNeed

type labelNeed struct {
	key     string
	allowed []string
}

func (needs labelNeeds) values(key string) []string {
	for i := range needs {
		if needs[i].key == key {
			return needs[i].allowed
		}
	}
	return nil
}

func (needs labelNeeds) only(key, value string) bool {
	v := needs.values(key)
	return len(v) == 1 && v[0] == value
}

// maxAnalysed is how many conditions of a selector are compared.
const maxAnalysed = 64

// needs collects what a selector requires of each label, and says why nothing
// can fulfil it, if so.
func (s *Selector) needs() (needs labelNeeds, impossible string) {
	if s == nil {
		return nil, ""
	}
	for k, v := range s.MatchLabels {
		needs = append(needs, labelNeed{k, []string{v}})
	}
	// A selector too long for anybody to read is not worth quadratic time.
	if n := len(s.MatchExpressions); n == 0 || n+len(needs) > maxAnalysed {
		return needs, ""
	}
	slices.SortFunc(needs, func(a, b labelNeed) int { return strings.Compare(a.key, b.key) })
	narrow := func(key string, keep func(string) bool) string {
		for i := range needs {
			if n := &needs[i]; n.key == key {
				n.allowed = slices.DeleteFunc(slices.Clone(n.allowed), func(v string) bool { return !keep(v) })
				if len(n.allowed) == 0 {
					return "no value of " + key + " meets all conditions"
				}
			}
		}
		return ""
	}
	for _, r := range s.MatchExpressions {
		if r.Operator != OpIn {
			continue
		}
		if needs.values(r.Key) == nil {
			needs = append(needs, labelNeed{r.Key, r.Values})
		} else if why := narrow(r.Key, func(v string) bool { return slices.Contains(r.Values, v) }); why != "" {
			return nil, why
		}
	}
	for _, r := range s.MatchExpressions {
		switch r.Operator {
		case OpNotIn:
			if why := narrow(r.Key, func(v string) bool { return !slices.Contains(r.Values, v) }); why != "" {
				return nil, why
			}
		case OpDoesNotExist:
			exists := func(o Requirement) bool { return o.Operator == OpExists && o.Key == r.Key }
			if needs.values(r.Key) != nil || slices.ContainsFunc(s.MatchExpressions, exists) {
				return nil, r.Key + " must be there and must not be there"
			}
		}
	}
	return needs, ""
}
