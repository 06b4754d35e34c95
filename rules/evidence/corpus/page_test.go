package corpus

import (
	"bytes"
	_ "embed"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"text/template"

	"github.com/holdfast-mesh/holdfast/rules"
	"github.com/holdfast-mesh/holdfast/rules/decide"
	"github.com/holdfast-mesh/holdfast/test/rulesfile"
	"github.com/holdfast-mesh/holdfast/test/source"
	"github.com/holdfast-mesh/holdfast/test/written"
)

//go:embed page.md
var prose string

// docs/evidence.md is made of page.md and the corpus. 'go test ./rules/evidence/corpus
// -update' writes it.
func TestPage(t *testing.T) {
	text, err := page(measure(t))
	if err != nil {
		t.Fatal(err)
	}
	written.Check(t, "../../../docs/evidence.md", string(text), writes, *update)
}

// The page has a row for every form and for every trap.
func TestPageIsComplete(t *testing.T) {
	for _, form := range source.Constants(t, "../form/form.go", "Form") {
		if !strings.Contains(prose, "\n{{form \""+form+"\" ") && !strings.Contains(prose, "\n| `"+form+"` |") {
			t.Errorf("page.md has no row for the form %s", form)
		}
	}
	for _, trap := range traps {
		if !strings.Contains(prose, "\n{{not \""+trap+"\" ") {
			t.Errorf("page.md has no row for %s", trap)
		}
	}
}

// The one example that no pod of the corpus gives: rules that name middleware alone look
// at no host.
func TestPageBareHost(t *testing.T) {
	const example = "| `bare-host` | A host without a port, where a rule's `hosts` or `cidrs` name it and the variable is an address by its name. | " +
		"`CACHE_HOST=sessions.example.com` | the rule with `hosts: [sessions.example.com]` |\n"
	if !strings.Contains(prose, example) {
		t.Errorf("page.md lacks the row %q", example)
	}
	file := rulesfile.Of(t, "rules: [{name: sessions, destinations: {hosts: [sessions.example.com]}, workloads: {referencing: true}, strategy: {idleTimeout: 24h}}]\n")
	pod := &rules.Pod{Containers: []rules.Container{{Name: "app", Env: []rules.EnvVar{{Name: "CACHE_HOST", Value: "sessions.example.com"}}}}}
	if _, verdicts := decide.Compile(file).Explain(pod, decide.Options{ClusterWide: true}); !shownBy(verdicts[0].Evidence, "bare-host") {
		t.Errorf("got %+v, want evidence of the form bare-host", verdicts[0])
	}
}

// book finds examples in the corpus.
type book []measured

// page fills the prose of page.md with examples.
func page(pods book) ([]byte, error) {
	t, err := template.New("page").Funcs(template.FuncMap{
		"pods": func() int { return len(pods) }, "form": pods.form, "not": pods.not, "example": pods.example, "uses": pods.uses,
		"yaml": pods.yaml, "explained": pods.explained,
	}).Parse(prose)
	if err != nil {
		return nil, err
	}
	var text bytes.Buffer
	err = t.Execute(&text, nil)
	return text.Bytes(), err
}

// form is a row of the table of forms, with a pod that is found by it.
func (b book) form(name, meaning, example string) (string, error) {
	p, err := b.named(example)
	if err != nil {
		return "", err
	}
	i := slices.IndexFunc(p.uses, func(u use) bool {
		v := p.verdict(u.middleware)
		return u.form == name && v.Matched && shownBy(v.Evidence, name)
	})
	if i < 0 {
		return "", fmt.Errorf("pod %s is not found by the form %s", example, name)
	}
	return fmt.Sprintf("| `%s` | %s | %s | %s |", name, meaning, p.text(), p.uses[i].middleware), nil
}

// not is a row of the table of what is no evidence, with a pod that is not taken.
func (b book) not(trap, why, example string) (string, error) {
	p, err := b.named(example)
	if err != nil {
		return "", err
	}
	if p.trap != trap || slices.ContainsFunc(p.verdicts, func(v rules.Verdict) bool { return v.Matched }) {
		return "", fmt.Errorf("pod %s does not show the trap %s, or is taken", example, trap)
	}
	return fmt.Sprintf("| %s | %s |", why, p.text()), nil
}

// named finds a pod.
func (b book) named(name string) (*measured, error) {
	i := slices.IndexFunc(b, func(p measured) bool { return p.name == name })
	if i < 0 {
		return nil, fmt.Errorf("the corpus has no pod %s", name)
	}
	return &b[i], nil
}

func (b book) example(name string) (string, error) {
	p, err := b.named(name)
	if err != nil {
		return "", err
	}
	return p.text(), nil
}

// uses lists what is found of a pod.
func (b book) uses(name string) (string, error) {
	p, err := b.named(name)
	if err != nil {
		return "", err
	}
	var found []string
	for _, v := range p.verdicts {
		if v.Matched {
			found = append(found, fmt.Sprintf("%s (`%s`, %s)", v.Rule, v.Evidence[0].Address, v.Evidence[0].Form))
		}
	}
	if len(found) == 0 {
		return "", fmt.Errorf("nothing is found of %s", name)
	}
	return strings.Join(found, " and "), nil
}

// yaml shows objects as they stand in their files, without their labels.
func (b book) yaml(names ...string) (string, error) {
	var texts []string
	for _, name := range names {
		text, err := objectNamed(name)
		if err != nil {
			return "", err
		}
		texts = append(texts, text)
	}
	return "```yaml\n" + strings.Join(texts, "---\n") + "```", nil
}

// explained is a pod, and what explain says of what was not read.
func (b book) explained(name string) (string, error) {
	p, err := b.named(name)
	if err != nil {
		return "", err
	}
	text, err := objectNamed(name)
	if err != nil {
		return "", err
	}
	out := "```yaml\n" + text + "```\n\n```\n"
	out += "- redis: " + string(p.verdict("redis").Reason) + ", " + p.verdict("redis").Detail + "\nnot read:\n"
	for _, u := range p.shown.Unread {
		out += "  " + u.String() + "\n"
	}
	return out + "```", nil
}

var label = regexp.MustCompile(`(uses|trap): ("[^"]*"|[^,}]*)(, )?`)

// objectNamed is the text of an object in the corpus, without labels and comments.
func objectNamed(name string) (string, error) {
	files, err := podFiles()
	if err != nil {
		return "", err
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			return "", err
		}
		for document := range strings.SplitSeq(string(data), "---\n") {
			if !strings.Contains(document, "\nmetadata: {name: "+name+"}") && !strings.Contains(document, "\nmetadata: {name: "+name+",") {
				continue
			}
			var lines []string
			for line := range strings.SplitAfterSeq(document, "\n") {
				if !strings.HasPrefix(line, "#") {
					lines = append(lines, strings.Replace(label.ReplaceAllString(line, ""), ", annotations: {}", "", 1))
				}
			}
			return strings.Join(lines, ""), nil
		}
	}
	return "", fmt.Errorf("the corpus has no object %s", name)
}

// text is what a pod's containers show, as cells of a table can hold it.
func (m *measured) text() string {
	var parts []string
	code := func(text string) {
		text = strings.ReplaceAll(strings.ReplaceAll(text, "\n", " "), "|", `\|`)
		parts = append(parts, "`"+text+"`")
	}
	for i := range m.pod.Containers {
		c := &m.pod.Containers[i]
		for _, e := range c.Env {
			switch {
			case e.ValueFrom != nil && e.ValueFrom.SecretKeyRef.Name != "":
				code(e.Name + ": from Secret " + e.ValueFrom.SecretKeyRef.Name)
			case e.ValueFrom != nil && e.ValueFrom.ConfigMapKeyRef.Name != "":
				code(e.Name + ": from ConfigMap " + e.ValueFrom.ConfigMapKeyRef.Name)
			case e.ValueFrom != nil:
			default:
				code(e.Name + "=" + e.Value)
			}
		}
		if line := strings.Join(append(slices.Clone(c.Command), c.Args...), " "); line != "" {
			code(line)
		}
	}
	return strings.Join(parts, "<br>")
}
