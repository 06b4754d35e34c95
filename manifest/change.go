package manifest

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/holdfast-mesh/holdfast/internal/yamltext"
	"github.com/holdfast-mesh/holdfast/rules"
)

// change is what an edit comes to.
type change struct {
	set    []rules.Annotation // sorted by key
	remove []string
	prune  bool
	all    []rules.Annotation // every annotation afterwards: the old ones in text order, then new ones
}

// isEmpty reports whether the template has it all already.
func (c change) isEmpty() bool { return len(c.set) == 0 && len(c.remove) == 0 }

// changeOf compares an edit with what stands there.
func changeOf(annotations *yaml.Node, edit Edit) change {
	old := texts(annotations)
	c := change{prune: edit.Prune}
	for _, a := range edit.Set {
		if value, ok := old[a.Key]; !ok || value != a.Value || yamltext.IsNull(yamltext.Get(annotations, a.Key)) {
			c.set = append(c.set, a)
		}
	}
	slices.SortStableFunc(c.set, func(a, b rules.Annotation) int { return strings.Compare(a.Key, b.Key) })
	for _, key := range edit.Remove {
		if _, ok := old[key]; ok && !slices.ContainsFunc(edit.Set, func(a rules.Annotation) bool { return a.Key == key }) {
			c.remove = append(c.remove, key)
		}
	}
	if c.isEmpty() {
		return c
	}
	set, remove := map[string]string{}, map[string]bool{}
	for _, a := range c.set {
		set[a.Key] = a.Value
	}
	for _, key := range c.remove {
		remove[key] = true
	}
	for _, key := range keysOf(annotations) {
		value, changed := set[key]
		if !changed {
			value = old[key]
		}
		delete(set, key)
		if !remove[key] {
			c.all = append(c.all, rules.Annotation{Key: key, Value: value})
		}
	}
	for _, a := range c.set {
		if _, isNew := set[a.Key]; isNew {
			c.all = append(c.all, a)
		}
	}
	return c
}

// keysOf returns the keys that texts returns, in text order, merged ones last.
func keysOf(n *yaml.Node) []string {
	values := texts(n)
	var keys []string
	for _, m := range append([]*yaml.Node{yamltext.Resolve(n)}, yamltext.Merged(n)...) {
		for key := range yamltext.All(m) {
			if _, ok := values[key]; ok {
				delete(values, key)
				keys = append(keys, key)
			}
		}
	}
	return keys
}
