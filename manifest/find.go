package manifest

import (
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
)

// template is a pod template and where it is.
type template struct {
	Template
	document *document
	root     *yaml.Node // the mapping with metadata and spec
	path     []*yaml.Node
}

// place is where a node stands.
type place struct {
	// path holds the nodes from the document's root to it, aliases and their
	// targets both.
	path []*yaml.Node
	// pointer is its JSON pointer.
	pointer string
}

// in returns the place of a child of n.
func (p place) in(n *yaml.Node, token string) place {
	return place{append(p.path, n), p.pointer + "/" + pointerEscapes.Replace(token)}
}

// https://www.rfc-editor.org/rfc/rfc6901#section-3
var pointerEscapes = strings.NewReplacer("~", "~0", "/", "~1")

// finder walks one document.
type finder struct {
	document   *document
	index      int // of the document
	found      []*template
	namespaces map[string]map[string]string
	containers containerFacts
	met        map[*yaml.Node]bool
}

func newFinder(d *document, index int) *finder {
	return &finder{document: d, index: index, containers: containerFacts{}, met: map[*yaml.Node]bool{}}
}

// outer is the object around a template.
type outer struct {
	typeMeta
	name, namespace string
	offset          int
}

// typeMeta is what says of which type an object is.
type typeMeta struct{ apiVersion, kind string }

// object looks at a Kubernetes object, or at each in a list of them. An object
// that does not say its type is of the given one.
func (f *finder) object(n *yaml.Node, at place, unsaid typeMeta) {
	n, at = follow(n, at)
	if n == nil || n.Kind != yaml.MappingNode || !f.first(n) {
		return
	}
	said := typeMeta{text(get(n, "apiVersion")), text(get(n, "kind"))}
	if said == (typeMeta{}) {
		said = unsaid
	}
	kind, metadata := said.kind, get(n, "metadata")
	o := outer{said, text(get(metadata, "name")), text(get(metadata, "namespace")), f.document.at(n)}
	if o.name == "" {
		o.name = text(get(metadata, "generateName"))
	}
	core := o.apiVersion == "v1" || o.apiVersion == ""
	switch {
	case kind == "":
	case strings.HasSuffix(kind, "List") && direct(n, "items") != nil:
		items, at := follow(direct(n, "items"), at.in(n, "items"))
		if items.Kind == yaml.SequenceNode && f.first(items) {
			// As https://github.com/kubernetes/apimachinery/blob/v0.36.3/pkg/apis/meta/v1/unstructured/helpers.go#L503
			of := typeMeta{o.apiVersion, strings.TrimSuffix(kind, "List")}
			for i, item := range items.Content {
				f.object(item, at.in(items, strconv.Itoa(i)), of)
			}
		}
	case kind == "Pod" && core:
		f.add(o, n, at)
	case kind == "Namespace" && core:
		if f.namespaces == nil {
			f.namespaces = map[string]map[string]string{}
		}
		f.namespaces[o.name] = texts(get(metadata, "labels"))
	case quotesPods(o.typeMeta):
	default:
		f.search(o, n, at)
	}
}

// first says whether a node is met for the first time. By aliases a list may
// be in itself, and a short text hold more objects than can be counted; what
// they repeat cannot be edited in one place alone anyway.
func (f *finder) first(n *yaml.Node) bool {
	met := f.met[n]
	f.met[n] = true
	return !met
}

// quotesPods names the kinds that carry pod templates which nobody runs:
// history, messages, and policies that compare other objects with them.
func quotesPods(t typeMeta) bool {
	group, _, _ := strings.Cut(t.apiVersion, "/")
	return t.kind == "ControllerRevision" || t.kind == "AdmissionReview" ||
		group == "kyverno.io" || strings.HasSuffix(group, ".kyverno.io")
}

// search finds pod templates anywhere in an object of any kind but its status:
// mappings named template, podTemplate and the like that have spec.containers.
// That covers Kubernetes' own workloads, CronJob's nested one, and kinds that
// nobody here has heard of.
func (f *finder) search(o outer, n *yaml.Node, at place) {
	switch n.Kind {
	case yaml.SequenceNode:
		for i, child := range n.Content {
			f.search(o, child, at.in(n, strconv.Itoa(i)))
		}
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			key, value := n.Content[i].Value, n.Content[i+1]
			if value.Kind == yaml.ScalarNode || key == "status" && at.pointer == "" {
				continue
			}
			child := at.in(n, key)
			// Only templates and specs are followed to what an alias stands
			// for: a text may hide any number of aliases in aliases.
			if target, place := follow(value, child); isTemplateKey(key) && isTemplate(target) {
				f.add(o, target, place)
				continue
			} else if inner := direct(target, "template"); key == "spec" && value.Kind == yaml.AliasNode && inner != nil {
				if inner, place := follow(inner, place.in(target, "template")); isTemplate(inner) {
					f.add(o, inner, place)
				}
				continue
			}
			f.search(o, value, child)
		}
	}
}

func isTemplateKey(key string) bool { return key == "template" || strings.HasSuffix(key, "Template") }

func isTemplate(n *yaml.Node) bool {
	containers := get(get(n, "spec"), "containers")
	return containers != nil && containers.Kind == yaml.SequenceNode
}

func (f *finder) add(o outer, root *yaml.Node, at place) {
	metadata := get(root, "metadata")
	f.found = append(f.found, &template{
		Template: Template{
			APIVersion:     o.apiVersion,
			Kind:           o.kind,
			Name:           o.name,
			Namespace:      o.namespace,
			Line:           f.document.file.line(o.offset) + 1,
			Document:       f.index,
			Pointer:        at.pointer,
			HasAnnotations: isMapping(get(metadata, "annotations")),
			HasMetadata:    isMapping(metadata),
			Pod:            f.pod(o, root),
		},
		document: f.document,
		root:     root,
		path:     slices.Clone(at.path),
	})
}

func isMapping(n *yaml.Node) bool { return n != nil && n.Kind == yaml.MappingNode }

// follow resolves an alias and adds it to the path.
func follow(n *yaml.Node, at place) (*yaml.Node, place) {
	if n != nil && n.Kind == yaml.AliasNode {
		return n.Alias, place{append(at.path, n), at.pointer}
	}
	return n, at
}

// resolve returns what a node stands for.
func resolve(n *yaml.Node) *yaml.Node {
	if n != nil && n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

// get returns the value of a key, aliases followed and merge keys obeyed; nil
// if there is none, also of nil or of what is no mapping.
func get(n *yaml.Node, key string) *yaml.Node {
	if value := direct(n, key); value != nil {
		return resolve(value)
	}
	for _, m := range merged(n) {
		if value := direct(m, key); value != nil {
			return resolve(value)
		}
	}
	return nil
}

// direct returns the value that stands beside a key in the text.
func direct(n *yaml.Node, key string) *yaml.Node {
	if i := indexOf(n, key); i >= 0 {
		return n.Content[i+1]
	}
	return nil
}

// indexOf returns the place of a key in a mapping's Content, -1 if there is
// none. Of several it is the last, which readers let win.
func indexOf(n *yaml.Node, key string) int {
	if n = resolve(n); n != nil && n.Kind == yaml.MappingNode {
		for i := len(n.Content) - 2; i >= 0; i -= 2 {
			if k := resolve(n.Content[i]); k.Kind == yaml.ScalarNode && k.Value == key && k.Tag != "!!merge" {
				return i
			}
		}
	}
	return -1
}

// merged returns the mappings that merge keys bring into n, the first first.
// Each is there once, so that merges of merges cannot grow without bound.
func merged(n *yaml.Node) []*yaml.Node {
	if n = resolve(n); n == nil || !slices.ContainsFunc(n.Content, isMerge) {
		return nil
	}
	var out []*yaml.Node
	seen := map[*yaml.Node]bool{}
	var visit func(n *yaml.Node)
	visit = func(n *yaml.Node) {
		n = resolve(n)
		if n == nil || n.Kind != yaml.MappingNode {
			return
		}
		for i := 0; i+1 < len(n.Content); i += 2 {
			if !isMerge(n.Content[i]) {
				continue
			}
			sources := []*yaml.Node{n.Content[i+1]}
			if sources[0].Kind == yaml.SequenceNode {
				sources = sources[0].Content
			}
			for _, source := range sources {
				source = resolve(source)
				if source.Kind == yaml.MappingNode && !seen[source] {
					seen[source] = true
					out = append(out, source)
					visit(source)
				}
			}
		}
	}
	visit(n)
	return out
}

func isMerge(n *yaml.Node) bool { return n.Tag == "!!merge" }

// isTrue reads a boolean as kubectl does, which knows those of YAML 1.1.
func isTrue(n *yaml.Node) bool {
	switch text(n) {
	case "true", "True", "TRUE", "yes", "Yes", "YES", "y", "Y", "on", "On", "ON":
		return true
	}
	return false
}

// text returns a scalar's text; empty for null and for what is no scalar.
func text(n *yaml.Node) string {
	if n = resolve(n); n == nil || n.Kind != yaml.ScalarNode || n.Tag == "!!null" {
		return ""
	}
	return n.Value
}
