package mesh

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	yaml "go.yaml.in/yaml/v4"

	"github.com/holdfast-mesh/holdfast/internal/yamltext"
)

// WriteYAML prints objects as a stream of documents, each with its comment.
func WriteYAML(w io.Writer, objects []Object) error {
	for i, o := range objects {
		text, err := o.yaml()
		if err != nil {
			return err
		}
		if i > 0 {
			text = append([]byte("---\n"), text...)
		}
		if _, err := w.Write(text); err != nil {
			return err
		}
	}
	return nil
}

// WriteJSON prints objects as one List, as kubectl does; JSON has no comments.
func WriteJSON(w io.Writer, objects []Object) error {
	list := struct {
		APIVersion string   `json:"apiVersion"`
		Kind       string   `json:"kind"`
		Items      []Object `json:"items"`
	}{"v1", "List", append([]Object{}, objects...)}
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(list)
}

// What the API server calls an EnvoyFilter.
const apiVersion, kind = "networking.istio.io/v1alpha3", "EnvoyFilter"

// MarshalJSON writes what a person would apply: no status, no time of creation.
func (o Object) MarshalJSON() ([]byte, error) {
	spec, err := json.Marshal(o.Spec)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", o.Name, err)
	}
	type metadata struct {
		Name      string            `json:"name"`
		Namespace string            `json:"namespace"`
		Labels    map[string]string `json:"labels"`
	}
	return json.Marshal(struct {
		APIVersion string          `json:"apiVersion"`
		Kind       string          `json:"kind"`
		Metadata   metadata        `json:"metadata"`
		Spec       json.RawMessage `json:"spec"`
	}{apiVersion, kind, metadata{o.Name, o.Namespace, o.Labels}, spec})
}

func (o Object) yaml() ([]byte, error) {
	data, err := json.Marshal(o)
	if err != nil {
		return nil, err
	}
	var document yaml.Node
	if err := yaml.Unmarshal(data, &document); err != nil {
		return nil, fmt.Errorf("%s: %w", o.Name, err)
	}
	plain(&document)
	var text bytes.Buffer
	for line := range strings.Lines(o.Comment + "\n") {
		text.WriteString(strings.TrimRight("# "+line, " \n") + "\n")
	}
	encoder := yaml.NewEncoder(&text)
	encoder.SetIndent(2)
	if err := encoder.Encode(&document); err != nil {
		return nil, fmt.Errorf("%s: %w", o.Name, err)
	}
	return text.Bytes(), encoder.Close()
}

// plain takes away how JSON writes values. Long texts are folded at blanks; those
// that kubectl, which reads YAML 1.1, takes for something else stay in quotes.
func plain(n *yaml.Node) {
	n.Style = 0
	switch text := n.Kind == yaml.ScalarNode && n.ShortTag() == "!!str"; {
	case text && len(n.Value) > 100 && strings.Contains(n.Value, " "):
		n.Style = yaml.FoldedStyle
	case text && !yamltext.IsSafePlain(n.Value):
		n.Style = yaml.DoubleQuotedStyle
	}
	for _, child := range n.Content {
		plain(child)
	}
}
