package manifest

import (
	"errors"
	"maps"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/holdfast-mesh/holdfast/internal/yamltext"
	"github.com/holdfast-mesh/holdfast/rules"
)

// Apply returns the text with edits made; edits[i] is for Templates()[i] (a
// shorter slice leaves the rest alone). Every byte outside the edited
// annotations stays as it was. Where an edit cannot be made without changing
// something else, as in annotations that several templates share by an
// anchor, it returns an *Error for each, joined, and no text.
func (f *File) Apply(edits []Edit) ([]byte, error) {
	var problems []error
	changed := map[*yamltext.Document][]*yamltext.Edit{}
	for i, t := range f.templates[:min(len(edits), len(f.templates))] {
		e := editing{template: t, change: changeOf(annotationsOf(t.root), edits[i])}
		made := e.make()
		if problem := made.Problem(); problem != nil {
			problems = append(problems, f.error(problem))
		} else if !made.IsEmpty() {
			changed[t.document] = append(changed[t.document], made)
		}
	}
	if len(problems) > 0 {
		return nil, errors.Join(problems...)
	}
	var out []byte
	at, first := 0, 0
	for _, d := range f.documents {
		last := first
		for last < len(f.templates) && f.templates[last].document == d {
			last++
		}
		if made := changed[d]; made != nil {
			text, problem := d.Apply(made...)
			if problem == nil {
				problem = verify(d, text, f.templates[first:last], edits[min(first, len(edits)):])
			}
			if problem != nil {
				return nil, f.error(problem)
			}
			out = append(append(out, f.data[at:d.Start]...), text...)
			at = d.Start + len(d.Text)
		}
		first = last
	}
	return append(out, f.data[at:]...), nil
}

// annotationsOf returns the annotations of a template, nil if it has none.
func annotationsOf(root *yaml.Node) *yaml.Node {
	return yamltext.Get(yamltext.Get(root, "metadata"), "annotations")
}

// editing is a change of one template's annotations on its way into the text.
type editing struct {
	*template
	change
	*yamltext.Edit
}

// make says what to change in the text. Where annotations must be written
// out, it is all of them.
func (e *editing) make() *yamltext.Edit {
	e.Edit = e.document.Edit(e.style())
	if e.change.isEmpty() {
		return e.Edit
	}
	for _, n := range append(e.path, e.root) {
		e.own(n, "the pod template")
	}
	e.refuseTwice(keysTwice(e.root), "metadata")
	metadata := yamltext.Direct(e.root, "metadata")
	annotations := yamltext.Entry{Key: "annotations", Entries: entries(e.all)}
	switch {
	case metadata == nil && yamltext.Get(e.root, "metadata") != nil:
		e.Refuse(e.root, "the template's metadata comes from a merge key, so its annotations cannot be changed here alone; write metadata out in this template")
	case metadata == nil && len(e.root.Content) == 0:
		e.Refuse(e.root, "got an empty template, want spec.containers in it")
	case metadata == nil:
		e.Insert(e.root, "spec", yamltext.Entry{Key: "metadata", Entries: []yamltext.Entry{annotations}})
	case metadata.Kind == yaml.AliasNode:
		e.own(metadata, "metadata")
	case isEmpty(metadata):
		e.own(metadata, "metadata")
		e.Fill(e.root, "metadata", []yamltext.Entry{annotations})
	case metadata.Kind != yaml.MappingNode:
		e.Refuse(metadata, "got a template whose metadata is no mapping, want labels and annotations in it")
	default:
		e.own(metadata, "metadata")
		e.refuseTwice(keysTwice(metadata), "annotations")
		e.inMetadata(metadata)
	}
	return e.Edit
}

// inMetadata makes the change where there is a metadata mapping.
func (e *editing) inMetadata(metadata *yaml.Node) {
	annotations := yamltext.Direct(metadata, "annotations")
	switch {
	case annotations == nil:
		// Annotations that a merge key brought in are written out: the new key
		// hides them.
		e.Set(metadata, []yamltext.Entry{{Key: "annotations", Entries: entries(e.all)}}, nil)
	case annotations.Kind == yaml.AliasNode:
		e.Fill(metadata, "annotations", entries(e.all))
	case isEmpty(annotations):
		e.own(annotations, "annotations")
		e.Fill(metadata, "annotations", entries(e.all))
	case annotations.Kind != yaml.MappingNode:
		e.Refuse(annotations, "got annotations that are no mapping, want keys with strings")
	case yamltext.IsUnrendered(annotations):
		e.Refuse(annotations, "got annotations that look like a template; render it first, as with helm template")
	case e.prune && len(e.set) == 0 && 2*len(e.remove) == len(annotations.Content) && len(metadata.Content) > 2:
		e.own(annotations, "annotations")
		e.Set(metadata, nil, []string{"annotations"})
	default:
		e.own(annotations, "annotations")
		e.inAnnotations(annotations)
		if len(e.set) == 0 && 2*len(e.remove) == len(annotations.Content) && !yamltext.IsFlow(annotations) {
			e.Empty(metadata, "annotations")
		}
	}
}

// inAnnotations makes the change where there are annotations.
func (e *editing) inAnnotations(annotations *yaml.Node) {
	values, twice := maps.Collect(yamltext.All(annotations)), keysTwice(annotations)
	for _, a := range e.set {
		e.refuseTwice(twice, a.Key)
		if value := values[a.Key]; value != nil && value.Kind != yaml.AliasNode {
			e.own(value, "an annotation")
			if value.Kind != yaml.ScalarNode {
				e.Refuse(value, "got an annotation that is no string, want a string")
			}
		}
	}
	for _, key := range e.remove {
		e.refuseTwice(twice, key)
		if values[key] == nil {
			e.Refuse(annotations, "annotation %s comes from a merge key, so it cannot be removed here alone; write the annotations out in this template", key)
		}
	}
	if e.Problem() == nil {
		e.Set(annotations, entries(e.set), e.remove)
	}
}

// style indents the first annotations of a template as deep as its metadata,
// where no other block in it tells.
func (e *editing) style() (style yamltext.Style) {
	metadata := yamltext.Direct(e.root, "metadata")
	if metadata == nil || isEmpty(metadata) || metadata.Kind != yaml.MappingNode || yamltext.IsFlow(metadata) || yamltext.IsFlow(e.root) ||
		yamltext.Direct(metadata, "annotations") != nil {
		return style
	}
	style.Step = max(metadata.Content[0].Column-e.root.Content[0].Column, 0)
	return style
}

func entries(annotations []rules.Annotation) []yamltext.Entry {
	out := make([]yamltext.Entry, len(annotations))
	for i, a := range annotations {
		out[i] = yamltext.Entry{Key: a.Key, Text: a.Value}
	}
	return out
}

// isEmpty reports whether a node is a null or empty braces.
func isEmpty(n *yaml.Node) bool {
	return yamltext.IsNull(n) || n.Kind == yaml.MappingNode && len(n.Content) == 0
}

// own refuses to edit what an alias shows elsewhere too.
func (e *editing) own(n *yaml.Node, what string) {
	if n.Kind == yaml.AliasNode {
		e.Refuse(n, "%s of %s is the alias *%s, so a change would show elsewhere too; write it out here", what, e.title(), n.Value)
	} else if e.document.IsShared(n) {
		e.Refuse(n, "%s of %s is shared by its anchor &%s, so a change would show elsewhere too; write it out where *%s is used", what, e.title(), n.Anchor, n.Anchor)
	}
}

// title names the object in messages.
func (e *editing) title() string { return strings.TrimSpace(e.Kind + " " + e.Name) }

// refuseTwice refuses to edit one of several values of a key.
func (e *editing) refuseTwice(twice map[string]*yaml.Node, key string) {
	if second := twice[key]; second != nil {
		e.Refuse(second, "got the key %s twice, want it once; remove one", key)
	}
}

// keysTwice returns the second key of each name that a mapping has twice.
func keysTwice(n *yaml.Node) map[string]*yaml.Node {
	seen, twice := map[string]bool{}, map[string]*yaml.Node{}
	for i := 0; n.Kind == yaml.MappingNode && i+1 < len(n.Content); i += 2 {
		key := yamltext.Resolve(n.Content[i]).Value
		if seen[key] && twice[key] == nil {
			twice[key] = n.Content[i]
		}
		seen[key] = true
	}
	return twice
}
