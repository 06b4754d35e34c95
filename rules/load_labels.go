package rules

import (
	"errors"
	"strings"

	yaml "go.yaml.in/yaml/v4"
	"k8s.io/apimachinery/pkg/util/validation"
)

// selector reads a Kubernetes label selector and checks it as the API server
// does:
// https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/
func (l *loader) selector(n *yaml.Node, at *path) *Selector {
	var o object
	if !l.object(n, at, selectorKeys, &o) {
		return nil
	}
	s := &Selector{}
	if n := o.get("matchLabels"); n != nil {
		s.MatchLabels, _ = l.labelMap(n, &path{up: at, key: "matchLabels"})
	}
	if n := o.get("matchExpressions"); n != nil {
		at := &path{up: at, key: "matchExpressions"}
		for i, item := range l.list(n, at, "a list of conditions such as {key: app, operator: In, values: [cart]}") {
			if l.full {
				break
			}
			s.MatchExpressions = append(s.MatchExpressions, l.requirement(item, &path{up: at, index: i}))
		}
	}
	return s
}

func (l *loader) requirement(n *yaml.Node, at *path) (r Requirement) {
	var o object
	if !l.object(n, at, requirementKeys, &o) {
		return r
	}
	if n := o.get("key"); n != nil {
		n, at := l.resolve(n), &path{up: at, key: "key"}
		if s, ok := l.text(n, at, "text: the key of a label"); ok && l.labelKey(n, at, s) {
			r.Key = l.intern(s)
		}
	}
	if n := o.get("operator"); n != nil {
		r.Operator = l.choice(n, &path{up: at, key: "operator"}, OpIn, OpNotIn, OpExists, OpDoesNotExist)
	}
	values := o.get("values")
	if values == nil {
		if r.Operator == OpIn || r.Operator == OpNotIn {
			l.errorAt(o.node, BadSelector, at, "got operator %s without values, want at least one: write for example values: [cart]", r.Operator)
		}
		return r
	}
	valuesAt := &path{up: at, key: "values"}
	items := l.list(values, valuesAt, "a list of values")
	for i, item := range items {
		if l.full {
			break
		}
		if s, ok := l.labelValue(item, &path{up: valuesAt, index: i}); ok {
			r.Values = append(r.Values, s)
		}
	}
	values = l.resolve(values)
	switch {
	case values.Kind != yaml.SequenceNode:
	case (r.Operator == OpIn || r.Operator == OpNotIn) && len(items) == 0:
		l.errorAt(values, BadSelector, valuesAt, "got operator %s without values, want at least one: write for example values: [cart]", r.Operator)
	case (r.Operator == OpExists || r.Operator == OpDoesNotExist) && len(items) > 0:
		l.errorAt(values, BadSelector, valuesAt, "got operator %s with values, want none: remove values, or use In or NotIn", r.Operator)
	}
	return r
}

// labelMap reads labels. empty says that it is a mapping with nothing in it.
func (l *loader) labelMap(n *yaml.Node, at *path) (labels map[string]string, empty bool) {
	n = l.resolve(n)
	if n.Kind != yaml.MappingNode {
		l.wrongType(n, at, "a mapping of labels such as {app: cart}")
		return nil, false
	}
	content := l.content(n, at, 0)
	labels = make(map[string]string, len(content)/2)
	lines := map[string]int{}
	for i := 0; i+1 < len(content) && !l.full; i += 2 {
		k := l.resolve(content[i])
		if k.Kind != yaml.ScalarNode {
			l.wrongType(k, at, "text: the key of a label")
			continue
		}
		at := &path{up: at, key: clip(k.Value), user: true}
		// The key of a mapping is text whatever it looks like: {1: x}.
		if !l.labelKey(k, at, k.Value) {
			continue
		}
		if first, ok := lines[k.Value]; ok {
			l.errorAt(k, DuplicateKey, at, "got %s a second time, want it once: the first is on line %d", show(k.Value), first)
			continue
		}
		lines[k.Value] = k.Line
		value, _ := l.labelValue(content[i+1], at)
		labels[l.intern(k.Value)] = value
	}
	return labels, len(content) == 0
}

func (l *loader) labelKey(n *yaml.Node, at *path, s string) bool {
	err, known := l.labels["k:"+s]
	if !known {
		if why := validation.IsQualifiedName(s); len(why) > 0 {
			err = errors.New(strings.Join(why, "; "))
		}
		l.labels["k:"+s] = err
	}
	if err != nil {
		l.errorAt(n, BadSelector, at, "got label key %s, want one that Kubernetes accepts: %s", show(s), joinLines(err.Error()))
	}
	return err == nil
}

func (l *loader) labelValue(n *yaml.Node, at *path) (string, bool) {
	n = l.resolve(n)
	s, ok := l.text(n, at, "text: the value of a label")
	if !ok {
		return "", false
	}
	err, known := l.labels["v:"+s]
	if !known {
		if why := validation.IsValidLabelValue(s); len(why) > 0 {
			err = errors.New(strings.Join(why, "; "))
		}
		l.labels["v:"+s] = err
	}
	if err != nil {
		l.errorAt(n, BadSelector, at, "got label value %s, want one that Kubernetes accepts: %s", show(s), joinLines(err.Error()))
		return "", false
	}
	return l.intern(s), true
}
