package manifest

import (
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/holdfast-mesh/holdfast/internal/yamltext"
	"github.com/holdfast-mesh/holdfast/rules/jsonpatch"
)

// template is a pod template and where it is.
type template struct {
	Template
	document *yamltext.Document
	root     *yaml.Node // the mapping with metadata and spec
	path     []*yaml.Node
}

// location is where a node stands.
type location struct {
	// path holds the nodes from the document's root to it, aliases and their
	// targets both.
	path []*yaml.Node
	// pointer is its JSON pointer.
	pointer string
}

// in returns the location of a child of n.
func (l location) in(n *yaml.Node, token string) location {
	return location{append(l.path, n), l.pointer + "/" + jsonpatch.Escape(token)}
}

// finder walks one document.
type finder struct {
	document   *yamltext.Document
	index      int // of the document
	found      []*template
	namespaces map[string]map[string]string
	configMaps []ConfigMap
	containers containerFacts
	sizes      map[*yaml.Node]int // of nodes with an anchor
	met        map[*yaml.Node]bool
}

func newFinder(d *yamltext.Document, index int) *finder {
	return &finder{document: d, index: index, containers: containerFacts{}, sizes: map[*yaml.Node]int{}, met: map[*yaml.Node]bool{}}
}

// outer is the object around a template.
type outer struct {
	typeMeta
	name, namespace string
	line            int
}

// typeMeta is what says of which type an object is.
type typeMeta struct{ apiVersion, kind string }

// object looks at a Kubernetes object, or at each in a list of them. An object
// that does not say its type is of the given one.
func (f *finder) object(n *yaml.Node, at location, unsaid typeMeta) {
	n, at = follow(n, at)
	if n == nil || n.Kind != yaml.MappingNode || !f.first(n) {
		return
	}
	said := typeMeta{text(yamltext.Get(n, "apiVersion")), text(yamltext.Get(n, "kind"))}
	if said == (typeMeta{}) {
		said = unsaid
	}
	kind, metadata := said.kind, yamltext.Get(n, "metadata")
	line, _ := f.document.Position(n)
	o := outer{said, text(yamltext.Get(metadata, "name")), text(yamltext.Get(metadata, "namespace")), line}
	if o.name == "" {
		o.name = text(yamltext.Get(metadata, "generateName"))
	}
	core := o.apiVersion == "v1" || o.apiVersion == ""
	switch {
	case kind == "":
	case strings.HasSuffix(kind, "List") && yamltext.Direct(n, "items") != nil:
		items, at := follow(yamltext.Direct(n, "items"), at.in(n, "items"))
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
		f.namespaces[o.name] = texts(yamltext.Get(metadata, "labels"))
	case kind == "ConfigMap" && core:
		f.configMaps = append(f.configMaps, ConfigMap{Namespace: o.namespace, Name: o.name, Data: texts(yamltext.Get(n, "data"))})
	case quotesPods(o.typeMeta):
	default:
		f.search(o, n, at)
	}
}

// first reports whether a node is met for the first time. By aliases a list may
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
func (f *finder) search(o outer, n *yaml.Node, at location) {
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
			if target, at := follow(value, child); isTemplateKey(key) && isTemplate(target) {
				f.add(o, target, at)
				continue
			} else if inner := yamltext.Direct(target, "template"); key == "spec" && value.Kind == yaml.AliasNode && inner != nil {
				if inner, at := follow(inner, at.in(target, "template")); isTemplate(inner) {
					f.add(o, inner, at)
				}
				continue
			}
			f.search(o, value, child)
		}
	}
}

func isTemplateKey(key string) bool { return key == "template" || strings.HasSuffix(key, "Template") }

func isTemplate(n *yaml.Node) bool {
	containers := yamltext.Get(yamltext.Get(n, "spec"), "containers")
	return containers != nil && containers.Kind == yaml.SequenceNode
}

func (f *finder) add(o outer, root *yaml.Node, at location) {
	metadata := yamltext.Get(root, "metadata")
	f.found = append(f.found, &template{
		Template: Template{
			APIVersion:     o.apiVersion,
			Kind:           o.kind,
			Name:           o.name,
			Namespace:      o.namespace,
			Line:           o.line,
			Document:       f.index,
			Pointer:        at.pointer,
			HasAnnotations: isMapping(yamltext.Get(metadata, "annotations")),
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
func follow(n *yaml.Node, at location) (*yaml.Node, location) {
	if n != nil && n.Kind == yaml.AliasNode {
		return n.Alias, location{append(at.path, n), at.pointer}
	}
	return n, at
}

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
	if n = yamltext.Resolve(n); n == nil || n.Kind != yaml.ScalarNode || n.Tag == "!!null" {
		return ""
	}
	return n.Value
}
