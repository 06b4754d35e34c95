package manifest

import (
	"errors"
	"fmt"

	"github.com/holdfast-mesh/holdfast/internal/yamltext"
	"github.com/holdfast-mesh/holdfast/rules"
)

// File is a parsed manifest: one or many YAML documents, or JSON. It is
// immutable.
type File struct {
	name       string
	data       []byte
	documents  []*yamltext.Document
	templates  []*template
	namespaces map[string]map[string]string
	configMaps []ConfigMap
}

// ConfigMap is one found in a File.
type ConfigMap struct {
	Namespace string // may be empty
	Name      string
	Data      map[string]string
}

// Template is a Pod, or the pod template of a workload, found in a File.
type Template struct {
	APIVersion string
	Kind       string // Pod, Deployment, CronJob, ...
	Name       string // metadata.name or generateName of the outer object
	Namespace  string // metadata.namespace of the outer object, may be empty
	Line       int    // of the outer object, from 1
	// Document is the index of the object's document in the file, from 0;
	// documents without content count too.
	Document int
	// Pointer is the JSON pointer (RFC 6901) of the pod or pod template in its
	// document: "" for a Pod, "/spec/template" for a Deployment,
	// "/items/0/spec/template" for one in a List.
	Pointer string
	// HasAnnotations reports whether metadata.annotations is a mapping there, and
	// HasMetadata whether metadata is: a JSON patch must create what is missing.
	HasAnnotations, HasMetadata bool
	// Pod holds the facts of the pod that would be created. Its
	// Namespace has only the name; labels are the caller's to fill in.
	Pod rules.Pod
}

// Edit sets and removes annotations of one template.
type Edit struct {
	Set    []rules.Annotation
	Remove []string
	// Prune removes annotations where the edit takes the last one and metadata
	// has more than them. Without it they become {}.
	Prune bool
}

// Error is a problem at a place in a manifest.
type Error struct {
	File         string
	Line, Column int // from 1; columns count characters
	Message      string
}

// Error returns "file:line:column: message".
func (e *Error) Error() string {
	return fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Column, e.Message)
}

// Parse reads a manifest. Documents that are no Kubernetes objects, or objects
// without a pod template, are no error and stay as they are; text that is
// neither YAML nor JSON is an error with line and column, an *Error for each
// broken document, joined.
func Parse(name string, data []byte) (*File, error) {
	f, err := readDocuments(name, data)
	if err != nil {
		return nil, err
	}
	f.namespaces = map[string]map[string]string{}
	for i, d := range f.documents {
		finder := newFinder(d, i)
		finder.object(d.Root, location{}, typeMeta{})
		f.templates = append(f.templates, finder.found...)
		f.configMaps = append(f.configMaps, finder.configMaps...)
		for name, labels := range finder.namespaces {
			f.namespaces[name] = labels
		}
	}
	return f, nil
}

// readDocuments parses the documents and does not look into them.
func readDocuments(name string, data []byte) (*File, error) {
	f := &File{name: name, data: data}
	documents, problems := yamltext.Parse(string(data))
	f.documents = documents
	errs := make([]error, len(problems))
	for i, problem := range problems {
		errs[i] = f.error(problem)
	}
	return f, errors.Join(errs...)
}

// error returns a problem of the text as one of the file.
func (f *File) error(problem *yamltext.Error) error {
	return &Error{f.name, problem.Line, problem.Column, problem.Message}
}

// Templates returns the pod templates in text order, those inside Lists included.
func (f *File) Templates() []Template {
	out := make([]Template, len(f.templates))
	for i, t := range f.templates {
		out[i] = t.Template
	}
	return out
}

// Namespaces returns the labels of Namespace objects in the file, by name.
func (f *File) Namespaces() map[string]map[string]string { return f.namespaces }

// ConfigMaps returns the ConfigMaps in text order, those inside Lists included.
func (f *File) ConfigMaps() []ConfigMap { return f.configMaps }
