package yamltext

import (
	"strings"

	"go.yaml.in/yaml/v4"
)

// Written returns the value of a mapping's key as it stands in the text, for
// Restore: "" for one that is not written at all. There is none where the key
// is missing or the value fills several lines.
func (d *Document) Written(m *yaml.Node, key string) (text string, ok bool) {
	i := Index(m, key)
	if i < 0 {
		return "", false
	}
	if isUnwritten(m.Content[i+1]) {
		return "", true
	}
	x := extent{Document: d}
	text = d.Text[d.at(m.Content[i+1]):x.end(m.Content[i+1], x.inner(m))]
	return text, x.err == nil && !strings.ContainsAny(text, "\r\n")
}

// Restore replaces the value of a mapping's key by what Written returned of
// another value: it is written as that one was. Set of other keys may go with
// it. What the text means is the caller's to know.
func (e *Edit) Restore(m *yaml.Node, key, written string) {
	i := e.indexOf(m, key)
	if i < 0 {
		return
	}
	value, indent := m.Content[i+1], e.inner(m)
	switch colon := e.behindColon(m.Content[i], indent); {
	case isUnwritten(value) && written != "":
		e.splice(colon, colon, " "+written)
	case written == "":
		e.splice(colon, e.end(value, indent), "")
	default:
		e.splice(e.at(value), e.end(value, indent), written)
	}
}
