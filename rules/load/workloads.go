package load

import (
	"errors"
	"strings"

	yaml "go.yaml.in/yaml/v4"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/holdfast-mesh/holdfast/internal/distinct"
	"github.com/holdfast-mesh/holdfast/rules"
	"github.com/holdfast-mesh/holdfast/rules/load/internal/grammar"
	"github.com/holdfast-mesh/holdfast/rules/load/lint"
)

// workloads reads the conditions on pods, and warns of those that no pod can
// meet.
func (l *loader) workloads(v value, w *rules.Workloads) {
	before := l.errors
	l.object(v, workloadsKeys,
		field{"namespaces", func(v value) {
			if l.list(v, "a list of namespaces such as [shop, \"team-*\"]", func(item value) {
				if s, ok := l.namespace(item); ok {
					w.Namespaces = append(w.Namespaces, s)
				}
			}) == 0 {
				l.errorAt(v, emptyList, "got no namespaces, want at least one: remove the key to mean any")
			}
			w.Namespaces = distinct.Of(w.Namespaces)
		}},
		field{"namespaceSelector", func(v value) { w.NamespaceSelector = l.selector(v) }},
		field{"podSelector", func(v value) { w.PodSelector = l.selector(v) }},
		field{"referencing", func(v value) { w.Referencing = l.boolean(v) }},
	)
	if l.errors > before {
		return
	}
	if why := lint.Unmatchable(w); why != "" {
		l.warnAt(v, neverMatches, "got conditions that no pod can meet (%s), want a rule that can match", why)
	}
}

// namespace reads a name or glob of namespaces. "*" stands for any number of
// characters.
func (l *loader) namespace(v value) (string, bool) {
	s, ok := l.text(v, "text: a namespace or a glob such as \"team-*\"")
	if !ok {
		return "", false
	}
	switch {
	case strings.Contains(s, "**"):
		l.errorAt(v, badNamespace, "got %s, want one * at a place: write %s", grammar.Show(s), grammar.Show(strings.ReplaceAll(s, "**", "*")))
	case !grammar.IsDNSGlob(s):
		hint := ""
		if lower := strings.ToLower(s); lower != s && grammar.IsDNSGlob(lower) {
			hint = ": write " + lower
		}
		l.errorAt(v, badNamespace, "got %s, want a namespace or a glob such as \"team-*\" (lower case letters, digits, \"-\" and \"*\", at most 63)%s", grammar.Show(s), hint)
	default:
		return l.intern(s), true
	}
	return "", false
}

// selector reads a Kubernetes label selector and checks it as the API server
// does:
// https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/
func (l *loader) selector(v value) *rules.Selector {
	s := &rules.Selector{}
	if !l.object(v, selectorKeys,
		field{"matchLabels", func(v value) { s.MatchLabels, _ = l.labelMap(v) }},
		field{"matchExpressions", func(v value) {
			l.list(v, "a list of conditions such as {key: app, operator: In, values: [cart]}", func(item value) {
				s.MatchExpressions = append(s.MatchExpressions, l.requirement(item))
			})
		}},
	) {
		return nil
	}
	return s
}

func (l *loader) requirement(v value) (r rules.Requirement) {
	values := v // where a problem with them is reported
	n := 0
	l.object(v, requirementKeys,
		field{"key", func(v value) {
			if s, ok := l.text(v, "text: the key of a label"); ok && l.labelKey(v, s) {
				r.Key = l.intern(s)
			}
		}},
		field{"operator", func(v value) {
			r.Operator = choice(l, v, rules.OpIn, rules.OpNotIn, rules.OpExists, rules.OpDoesNotExist)
		}},
		field{"values", func(v value) {
			values = v
			n = l.list(v, "a list of values", func(item value) {
				if s, ok := l.labelValue(item); ok {
					r.Values = append(r.Values, s)
				}
			})
		}},
	)
	switch r.Operator {
	case rules.OpIn, rules.OpNotIn:
		if n == 0 {
			l.errorAt(values, badSelector, "got operator %s without values, want at least one: write for example values: [cart]", r.Operator)
		}
	case rules.OpExists, rules.OpDoesNotExist:
		if n > 0 {
			l.errorAt(values, badSelector, "got operator %s with values, want none: remove values, or use In or NotIn", r.Operator)
		}
	}
	return r
}

// labelMap reads labels. empty says that it is a mapping with nothing in it.
func (l *loader) labelMap(v value) (labels map[string]string, empty bool) {
	if v.Kind != yaml.MappingNode {
		l.wrongType(v, "a mapping of labels such as {app: cart}")
		return nil, false
	}
	content := l.content(v, 0)
	labels = make(map[string]string, len(content)/2)
	lines := map[string]int{}
	for i := 0; i+1 < len(content) && !l.full; i += 2 {
		k := l.value(content[i], v.at)
		if k.Kind != yaml.ScalarNode {
			l.wrongType(k, "text: the key of a label")
			continue
		}
		k.at = &path{up: v.at, key: k.Value, quoted: true}
		// The key of a mapping is text whatever it looks like: {1: x}.
		if !l.labelKey(k, k.Value) {
			continue
		}
		if first, ok := lines[k.Value]; ok {
			l.errorAt(k, duplicateKey, "got %s a second time, want it once: the first is on line %d", grammar.Show(k.Value), first)
			continue
		}
		lines[k.Value] = k.Line
		labels[l.intern(k.Value)], _ = l.labelValue(l.value(content[i+1], k.at))
	}
	return labels, len(content) == 0
}

// labelKey reports whether s can be the key of a label.
func (l *loader) labelKey(v value, s string) bool {
	return l.checkLabel(v, "key", s, validation.IsQualifiedName)
}

func (l *loader) labelValue(v value) (string, bool) {
	s, ok := l.text(v, "text: the value of a label")
	if !ok || !l.checkLabel(v, "value", s, validation.IsValidLabelValue) {
		return "", false
	}
	return l.intern(s), true
}

// checkLabel asks the API server's own check, once for each text, and reports
// what that says.
func (l *loader) checkLabel(v value, what, s string, check func(string) []string) bool {
	err, known := l.labels[what+s]
	if !known {
		if why := check(s); len(why) > 0 {
			err = errors.New(oneLine(strings.Join(why, "; ")))
		}
		l.labels[what+s] = err
	}
	if err != nil {
		l.errorAt(v, badSelector, "got label %s %s, want one that Kubernetes accepts: %v", what, grammar.Show(s), err)
	}
	return err == nil
}
