package manifest

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/holdfast-mesh/holdfast/rules"
)

// splice replaces the text from start to end.
type splice struct {
	start, end int
	text       string
}

// editor collects the splices for one template.
type editor struct {
	extent
	*template
	splices []splice
}

func (e *editor) splice(start, end int, text string) {
	e.splices = append(e.splices, splice{start, end, text})
}

// refuse notes an edit that cannot be made without changing something else.
func (e *editor) refuse(n *yaml.Node, format string, args ...any) {
	if e.err == nil {
		e.err = e.file.errorAt(e.at(n), format, args...)
	}
}

// edit turns a change of annotations into splices.
func (e *editor) edit(edit Edit) {
	c := changeOf(get(get(e.root, "metadata"), "annotations"), edit)
	if c.empty() {
		return
	}
	for _, n := range append(e.path, e.root) {
		e.own(n, "the pod template")
	}
	e.unique(e.root, "metadata")
	metadata := direct(e.root, "metadata")
	if metadata == nil {
		if get(e.root, "metadata") != nil {
			e.refuse(e.root, "the template's metadata comes from a merge key, so its annotations cannot be changed here alone; write metadata out in this template")
			return
		}
		e.addMetadata(c)
		return
	}
	e.own(metadata, "metadata")
	if isNull(metadata) || isEmptyFlow(metadata) {
		e.fillNull(e.root, "metadata", c.all,
			func(l layout) string { return l.header("annotations") + l.deeper().entries(c.all) },
			func(l flowLayout) string { return l.mapping(l.entry("annotations", l.annotations(c.all))) })
		return
	}
	if metadata.Kind != yaml.MappingNode {
		e.refuse(metadata, "got a template whose metadata is no mapping, want labels and annotations in it")
		return
	}
	e.unique(metadata, "annotations")
	e.editMetadata(metadata, c)
}

// editMetadata makes a change where there is a metadata mapping.
func (e *editor) editMetadata(metadata *yaml.Node, c change) {
	annotations := direct(metadata, "annotations")
	switch {
	case annotations == nil:
		// Annotations that a merge key brought in are written out: the new key
		// hides them.
		e.addAnnotations(metadata, c)
	case annotations.Kind == yaml.AliasNode:
		e.replaceAlias(metadata, annotations, c)
	case isNull(annotations) || isEmptyFlow(annotations):
		e.own(annotations, "annotations")
		e.fillNull(metadata, "annotations", c.all,
			func(l layout) string { return l.entries(c.all) },
			func(l flowLayout) string { return l.mapping(l.entries(c.all)...) })
	case annotations.Kind != yaml.MappingNode:
		e.refuse(annotations, "got annotations that are no mapping, want keys with strings")
	case isUnrendered(annotations):
		e.refuse(annotations, "got annotations that look like a template; render it first, as with helm template")
	default:
		e.own(annotations, "annotations")
		for _, a := range c.set {
			e.unique(annotations, a.Key)
		}
		for _, key := range c.remove {
			e.unique(annotations, key)
			if direct(annotations, key) == nil {
				e.refuse(annotations, "annotation %s comes from a merge key, so it cannot be removed here alone; write the annotations out in this template", key)
			}
		}
		if e.err != nil {
			return
		}
		if e.isFlow(annotations) {
			e.editFlow(annotations, c)
		} else {
			e.editBlock(annotations, c)
		}
	}
}

// own refuses to edit what an alias shows elsewhere too.
func (e *editor) own(n *yaml.Node, what string) {
	if n.Kind == yaml.AliasNode {
		e.refuse(n, "%s of %s is the alias *%s, so a change would show elsewhere too; write it out here", what, e.title(), n.Value)
		return
	}
	if n.Anchor != "" && e.isReferenced(n) {
		e.refuse(n, "%s of %s is shared by its anchor &%s, so a change would show elsewhere too; write it out where *%s is used", what, e.title(), n.Anchor, n.Anchor)
	}
}

// title names the object in messages.
func (e *editor) title() string {
	if e.Name == "" {
		return e.Kind
	}
	return e.Kind + " " + e.Name
}

// unique refuses to edit one of several values of a key.
func (e *editor) unique(n *yaml.Node, key string) {
	seen := false
	for i := 0; n.Kind == yaml.MappingNode && i+1 < len(n.Content); i += 2 {
		if resolve(n.Content[i]).Value != key {
			continue
		}
		if seen {
			e.refuse(n.Content[i], "got the key %s twice, want it once; remove one", key)
		}
		seen = true
	}
}

func (e *editor) isFlow(n *yaml.Node) bool { return n.Style&yaml.FlowStyle != 0 }

func isEmptyFlow(n *yaml.Node) bool {
	return n.Kind == yaml.MappingNode && n.Style&yaml.FlowStyle != 0 && len(n.Content) == 0
}

// fillNull gives an empty value of a key its first content: lines of a block,
// or a text in flow style.
func (e *editor) fillNull(parent *yaml.Node, key string, all []rules.Annotation, block func(layout) string, flow func(flowLayout) string) {
	i := indexOf(parent, key)
	value := parent.Content[i+1]
	indent := -1
	if !e.isFlow(parent) {
		indent = e.column(e.at(parent.Content[0]))
	}
	colon := e.colon(parent.Content[i], indent)
	start, end := colon, colon
	if !isEmpty(value) {
		start, end = e.at(value), e.endOf(value, indent)
	}
	if e.err != nil {
		return
	}
	if strings.Contains(string(e.file.data[colon:end]), "#") {
		e.refuse(value, "got a comment inside of an empty value, want it elsewhere")
		return
	}
	if e.isFlow(parent) {
		text := flow(e.flowOf(parent).deeper())
		if isEmpty(value) {
			text = " " + text
		}
		e.splice(start, end, text)
		return
	}
	l := e.layoutOf(parent)
	e.splice(colon, end, "")
	e.addLines(end, block(l.deeper()), l.eol, isOpen(all))
}

// addAnnotations gives metadata its first annotations.
func (e *editor) addAnnotations(metadata *yaml.Node, c change) {
	if e.isFlow(metadata) {
		l := e.flowOf(metadata)
		e.addFlow(metadata, l, []string{l.entry("annotations", l.annotations(c.all))})
		return
	}
	l := e.layoutOf(metadata)
	if l.step == "  " {
		// No neighbour tells; metadata itself may.
		if width := len(l.indent) - e.column(e.at(e.root.Content[0])); width > 0 && !e.hasBlock(metadata) && !e.isFlow(e.root) {
			l.step = strings.Repeat(" ", width)
		}
	}
	e.addEntries(metadata, l, l.header("annotations")+l.deeper().entries(c.all), isOpen(c.all))
}

func (e *editor) hasBlock(n *yaml.Node) bool {
	return slices.ContainsFunc(n.Content, func(c *yaml.Node) bool { return c.Kind == yaml.MappingNode && !e.isFlow(c) })
}

// replaceAlias writes out annotations that were an alias of others.
func (e *editor) replaceAlias(metadata, alias *yaml.Node, c change) {
	start, end := e.at(alias), e.endOf(alias, -1)
	if e.isFlow(metadata) {
		l := e.flowOf(metadata).deeper()
		e.splice(start, end, l.mapping(l.entries(c.all)...))
		return
	}
	l := e.layoutOf(metadata)
	for start > 0 && e.file.data[start-1] == ' ' {
		start--
	}
	e.splice(start, end, "")
	e.addLines(end, l.deeper().entries(c.all), l.eol, isOpen(c.all))
}

// addMetadata gives a template its metadata, in front of spec.
func (e *editor) addMetadata(c change) {
	if len(e.root.Content) == 0 {
		e.refuse(e.root, "got an empty template, want spec.containers in it")
		return
	}
	if e.isFlow(e.root) {
		l := e.flowOf(e.root)
		inner := l.deeper()
		at := e.at(e.root.Content[0])
		e.splice(at, at, l.entry("metadata", inner.mapping(inner.entry("annotations", inner.annotations(c.all))))+l.between())
		return
	}
	l := e.layoutOf(e.root)
	at := e.at(e.root.Content[0])
	if i := indexOf(e.root, "spec"); i >= 0 {
		at = e.at(e.root.Content[i])
	}
	lines := l.header("metadata") + l.deeper().header("annotations") + l.deeper().deeper().entries(c.all)
	start := e.lineStart(at)
	if strings.TrimSpace(string(e.file.data[start:at])) != "" {
		e.splice(at, at, strings.TrimPrefix(lines, l.indent)+l.indent)
		return
	}
	for start > e.start {
		// Comments right above belong to what they stand above.
		above := e.lineStart(start - 1)
		if line := strings.TrimSpace(string(e.file.data[above:start])); !strings.HasPrefix(line, "#") {
			break
		}
		start = above
	}
	e.splice(start, start, lines)
}
