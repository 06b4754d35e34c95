package yamltext

import (
	"cmp"
	"strings"

	"go.yaml.in/yaml/v4"
)

// sharing is what aliases make common.
type sharing struct {
	aliases map[*yaml.Node][]*yaml.Node // of what they stand for, in text order
	// anchor holds, of every node that an alias shows, the innermost node that
	// an alias stands for: itself or one around it. around holds the next one.
	anchor, around map[*yaml.Node]*yaml.Node
}

// sharing looks at every node once.
func (d *Document) sharing() *sharing {
	if d.shared != nil {
		return d.shared
	}
	s := &sharing{map[*yaml.Node][]*yaml.Node{}, map[*yaml.Node]*yaml.Node{}, map[*yaml.Node]*yaml.Node{}}
	d.shared = s
	if d.Root == nil {
		return s
	}
	var find func(n *yaml.Node)
	find = func(n *yaml.Node) {
		if n.Kind == yaml.AliasNode {
			s.aliases[n.Alias] = append(s.aliases[n.Alias], n)
		}
		for _, child := range n.Content {
			find(child)
		}
	}
	if find(d.Root); len(s.aliases) == 0 {
		return s
	}
	var mark func(n, anchor *yaml.Node)
	mark = func(n, anchor *yaml.Node) {
		if s.aliases[n] != nil {
			s.around[n], anchor = anchor, n
		}
		if anchor != nil {
			s.anchor[n] = anchor
		}
		for _, child := range n.Content {
			mark(child, anchor)
		}
	}
	mark(d.Root, nil)
	return s
}

// IsShared reports whether an alias stands for the node or for one around it,
// so that a change of it would show elsewhere too.
func (d *Document) IsShared(n *yaml.Node) bool { return d.sharing().anchor[n] != nil }

// own refuses to change what shows elsewhere too.
func (e *Edit) own(n *yaml.Node, what string) {
	s := e.sharing()
	for anchor := s.anchor[n]; anchor != nil; anchor = s.around[anchor] {
		if !e.inlined[anchor] {
			e.Refuse(n, "got a %s that its anchor &%s shares, so a change would show elsewhere too; write it out where *%s is used",
				what, anchor.Anchor, anchor.Anchor)
		}
	}
}

// release refuses to remove a node with the text up to an offset if an alias
// behind that needs it.
func (e *Edit) release(n *yaml.Node, end int) {
	for _, alias := range e.sharing().aliases[n] {
		if e.at(alias) >= end && !e.inlined[n] {
			e.Refuse(n, "got an anchor &%s that cannot be removed, because *%s is used elsewhere; write it out there", n.Anchor, n.Anchor)
		}
	}
	for _, child := range n.Content {
		e.release(child, end)
	}
}

// Inline writes out every alias of a node, so that the node can be changed
// without a change elsewhere. Where the edit replaces or removes an alias too,
// that is what happens to it. Of nil, or of what no alias stands for, there is
// nothing to write.
func (e *Edit) Inline(n *yaml.Node) {
	aliases := e.sharing().aliases[n]
	if len(aliases) == 0 || e.inlined[n] {
		return
	}
	const most = 64 << 10
	var text strings.Builder
	if e.writeOut(&text, n); text.Len() > most/len(aliases) {
		e.Refuse(n, "got an anchor &%s that is used too often to write it out everywhere; write it out here", n.Anchor)
		return
	}
	for _, alias := range aliases {
		at := e.at(alias)
		e.splices = append(e.splices, splice{at, e.end(alias, inFlow), text.String(), 1})
	}
	if e.inlined == nil {
		e.inlined = map[*yaml.Node]bool{}
	}
	e.inlined[n] = true
}

// writeOut writes a node on one line.
func (e *Edit) writeOut(text *strings.Builder, n *yaml.Node) {
	if tag := n.ShortTag(); n.Style&yaml.TaggedStyle != 0 && tag != "!!str" && tag != "!!map" && tag != "!!seq" {
		e.Refuse(n, "got a tag inside of an anchor that is to be written out; write it out here")
	}
	switch n.Kind {
	case yaml.ScalarNode:
		if n.ShortTag() == "!!str" {
			text.WriteString(escaped(n.Value))
		} else {
			text.WriteString(cmp.Or(n.Value, "null"))
		}
	case yaml.SequenceNode:
		text.WriteByte('[')
		for i, child := range n.Content {
			if i > 0 {
				text.WriteString(", ")
			}
			e.writeOut(text, child)
		}
		text.WriteByte(']')
	case yaml.MappingNode:
		text.WriteByte('{')
		for i, child := range n.Content {
			if i > 0 {
				text.WriteString([]string{", ", ": "}[i%2])
			}
			e.writeOut(text, child)
		}
		text.WriteByte('}')
	default:
		e.Refuse(n, "got an alias inside of an anchor that is to be written out; write it out here")
	}
}
