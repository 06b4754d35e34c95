package scenario

import (
	"fmt"
	"strings"

	"github.com/holdfast-mesh/holdfast/mesh"
	"github.com/holdfast-mesh/holdfast/rules"
	"github.com/holdfast-mesh/holdfast/rules/load"
)

// Selector is the label of a scenario's pod.
const Selector = "scenario"

// RulesFile puts the scenarios' rules into one file; each finds its pod by a label.
func RulesFile(scenarios []Scenario) string {
	var out strings.Builder
	out.WriteString("apiVersion: holdfast.dev/v1alpha1\nkind: Rules\n")
	section(&out, "rules", scenarios, func(s *Scenario) string {
		var entries strings.Builder
		for i, rule := range documents(s.Rule) {
			name := s.Name
			if i > 0 {
				name = fmt.Sprintf("%s-%d", s.Name, i+1)
			}
			entries.WriteString(entry(name, "workloads: {podSelector: {matchLabels: {"+Selector+": "+s.Name+"}}}", rule))
		}
		return entries.String()
	})
	section(&out, "gateways", scenarios, func(s *Scenario) string {
		if s.Gateway == "" {
			return ""
		}
		return entry(s.Name, "namespace: "+s.Namespace()+"\nselector: {"+Selector+": "+s.Name+"}", s.Gateway)
	})
	return out.String()
}

// section writes a list of the rules file, or nothing where the scenarios have none.
func section(out *strings.Builder, key string, scenarios []Scenario, entries func(*Scenario) string) {
	var list strings.Builder
	for i := range scenarios {
		list.WriteString(entries(&scenarios[i]))
	}
	if list.Len() > 0 {
		out.WriteString(key + ":\n" + list.String())
	}
}

// entry is an item of a list in YAML.
func entry(name string, parts ...string) string {
	text := "- name: " + name + "\n"
	for _, part := range parts {
		for line := range strings.Lines(strings.TrimSpace(part) + "\n") {
			text += "  " + line
		}
	}
	return text
}

// documents are the parts of a YAML text between lines of "---", blank ones left out.
func documents(text string) []string {
	var parts []string
	for part := range strings.SplitSeq(text, "\n---\n") {
		if strings.TrimSpace(part) != "" {
			parts = append(parts, part)
		}
	}
	return parts
}

// MeshObjects are the objects that the scenario's own rules need in the mesh, as 'holdfast
// render' prints them.
func (s *Scenario) MeshObjects() ([]mesh.Object, error) {
	file, err := s.load()
	if err != nil {
		return nil, err
	}
	return mesh.For(file), nil
}

func (s *Scenario) load() (*rules.File, error) {
	if s.Rule == "" && s.Gateway == "" {
		return &rules.File{}, nil
	}
	text := RulesFile([]Scenario{*s})
	file, problems := load.Rules(s.Name, []byte(text))
	if file == nil {
		return nil, fmt.Errorf("scenario %s: its rules do not load: %v:\n%s", s.Name, problems, text)
	}
	return file, nil
}
