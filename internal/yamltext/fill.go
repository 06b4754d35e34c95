package yamltext

import (
	"strings"

	"go.yaml.in/yaml/v4"
)

// Fill gives the key of a mapping its first entries. Its value is a null,
// empty braces, or an alias, which goes even if there are no entries.
func (e *Edit) Fill(m *yaml.Node, key string, entries []Entry) {
	i := e.indexOf(m, key)
	if i < 0 {
		return
	}
	value := m.Content[i+1]
	e.own(value, "value")
	isAlias := value.Kind == yaml.AliasNode
	if isEmpty := IsNull(value) || value.Kind == yaml.MappingNode && len(value.Content) == 0; !isEmpty && !isAlias {
		e.Refuse(value, "got a value for %s, want none", key)
		return
	}
	indent := e.inner(m)
	colon := e.behindColon(m.Content[i], indent)
	start, end := colon, colon
	if !isUnwritten(value) {
		start, end = e.at(value), e.end(value, indent)
	}
	if e.err != nil {
		return
	}
	hasComment := strings.Contains(e.Text[colon:end], "#") && !isAlias
	switch {
	case len(entries) == 0 && isAlias:
		e.splice(start, end, "{}")
	case len(entries) == 0:
	case hasComment && e.style.Braces && value.Kind == yaml.MappingNode:
		open := e.bare(value) + 1
		e.splice(open, open, e.emptyFlow().join(entries))
	case hasComment:
		e.Refuse(value, "got a comment inside of an empty value, want it elsewhere")
	case IsFlow(m):
		text := e.flowOf(m).deeper().mapping(entries)
		if isUnwritten(value) {
			text = " " + text
		}
		e.splice(start, end, text)
	case e.style.Braces && !isUnwritten(value):
		e.splice(start, end, e.emptyFlow().mapping(entries))
	default:
		b := e.blockOf(m)
		e.splice(colon, end, "")
		e.addLines(end, b.deeper(), entries)
	}
}

// Empty writes "{}" behind a key whose value is a block that Set takes every
// entry from. A null would do; but braces say that it is meant.
func (e *Edit) Empty(m *yaml.Node, key string) {
	i := e.indexOf(m, key)
	if i < 0 {
		return
	}
	at, value := e.behindColon(m.Content[i], e.inner(m)), m.Content[i+1]
	if e.bare(value) > e.at(value) {
		at = e.propertiesEnd(value)
	}
	e.splice(at, at, " {}")
}

// indexOf returns Index of a key that must be there, in a mapping that can be
// changed; -1 if that is not so.
func (e *Edit) indexOf(m *yaml.Node, key string) int {
	if !e.mayChange(m) {
		return -1
	}
	i := Index(m, key)
	if i < 0 {
		e.Refuse(m, "got no key %s, want it there", key)
	}
	return i
}

// Insert adds an entry to a mapping in front of a key, or of all keys if it
// has none of that name.
func (e *Edit) Insert(m *yaml.Node, before string, entry Entry) {
	if !e.mayChange(m) {
		return
	}
	i := max(Index(m, before), 0)
	key := m.Content[i]
	entries := []Entry{entry}
	if IsFlow(m) {
		f := e.flowOf(m)
		at := e.flowStart(m, i)
		e.splice(at, at, f.join(entries)+f.between())
		return
	}
	b := e.blockOf(m)
	start := e.lineStart(e.at(key))
	if strings.TrimSpace(e.Text[start:e.at(key)]) != "" {
		e.addBefore(key, b, entries)
		return
	}
	highest := 0
	if i > 0 {
		highest = e.nextLine(e.pairEnd(m.Content[i-2:i], e.inner(m)))
	}
	for start > highest {
		// Comments right above belong to what they stand above.
		above := e.lineStart(start - 1)
		if !strings.HasPrefix(strings.TrimSpace(e.Text[above:start]), "#") {
			break
		}
		start = above
	}
	e.splice(start, start, b.lines(entries))
}

// FillRoot gives a document without content, with a null or with empty braces,
// its entries.
func (e *Edit) FillRoot(entries []Entry) {
	f := e.emptyFlow()
	f.keys = doubleQuotes
	switch {
	case e.Root == nil || isUnwritten(e.Root):
		e.addRoot(entries)
	case IsNull(e.Root):
		e.splice(e.at(e.Root), e.end(e.Root, inFlow), f.mapping(entries))
	case e.Root.Kind == yaml.MappingNode && len(e.Root.Content) == 0:
		open := e.bare(e.Root) + 1
		e.splice(open, open, f.join(entries))
	default:
		e.Refuse(e.Root, "got a document with content, want an empty one")
	}
}

// addRoot writes the entries of a document without any behind its comments.
func (e *Edit) addRoot(entries []Entry) {
	b := block{step: "  ", eol: e.eol(0), quoted: e.style.Quoted}
	lines, at := b.lines(entries), len(e.Text)
	if last := e.lineStart(max(at-1, 0)); isMarker(strings.TrimRight(e.Text[last:], "\r\n"), "...") {
		at = last
	}
	if at > 0 && lastBreak(e.Text[:at]) == "" {
		lines = b.eol + lines
	}
	e.splice(at, at, lines)
}
