package load

import (
	"bytes"
	"strings"
	"unicode/utf8"

	yaml "go.yaml.in/yaml/v4"

	"github.com/holdfast-mesh/holdfast/internal/yamltext"
	"github.com/holdfast-mesh/holdfast/rules"
)

// RulesKey is the key of a ConfigMap's data that holds the rules.
const RulesKey = "rules.yaml"

// Manifest reads a rules file as [Rules] does, or the one in a manifest: that of a
// ConfigMap with [RulesKey], whatever other objects stand beside it. Problems have
// the positions of the manifest.
func Manifest(name string, data []byte) (*rules.File, Problems) {
	if !bytes.Contains(data, []byte("ConfigMap")) { // nearly every rules file
		return Rules(name, data)
	}
	inner := rulesIn(string(data))
	switch len(inner) {
	case 0:
		return Rules(name, data)
	case 1:
	default:
		return nil, Problems{{
			File: name, Line: inner[1].line, Column: inner[1].column, Severity: Error, Code: manyDocuments,
			Message: "got a second ConfigMap with rules, want one per file: put all rules into one list",
		}}
	}
	file, problems := Rules(name, []byte(inner[0].text))
	outer := strings.Split(string(data), "\n")
	for i := range problems {
		inner[0].place(&problems[i], outer)
	}
	return file, problems
}

// embedded is a rules file in a manifest.
type embedded struct {
	text         string
	line, column int  // of the value
	literal      bool // its lines are lines of the manifest, from the next one on
}

// rulesIn finds the rules of all ConfigMaps in a manifest.
func rulesIn(manifest string) (found []embedded) {
	documents, problems := yamltext.Parse(manifest)
	if len(problems) > 0 {
		return nil // the text is as wrong as a rules file
	}
	for _, d := range documents {
		kind, text := yamltext.Get(d.Root, "kind"), yamltext.Get(yamltext.Get(d.Root, "data"), RulesKey)
		if kind == nil || kind.Value != "ConfigMap" || text == nil || text.Kind != yaml.ScalarNode {
			continue
		}
		line, column := d.Position(text)
		found = append(found, embedded{text.Value, line, column, text.Style&yaml.LiteralStyle != 0})
	}
	return found
}

// place gives a problem its position in the lines of the manifest. In a text that is
// quoted or folded lines are not to be told, so there it is the text's own.
func (e *embedded) place(p *Problem, outer []string) {
	lines := strings.Split(e.text, "\n")
	at := e.line + p.Line // from 1, as its lines begin behind its own
	if !e.literal || p.Line > len(lines) || at > len(outer) {
		p.Line, p.Column = e.line, e.column
		return
	}
	line := strings.TrimSuffix(outer[at-1], "\r")
	if indented, ok := strings.CutSuffix(line, lines[p.Line-1]); ok {
		p.Column += utf8.RuneCountInString(indented)
	}
	p.Line = at
}
