package manifest

import "github.com/holdfast-mesh/holdfast/rules"

// File is a parsed manifest: one or many YAML documents, or JSON.
type File struct{}

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
	// HasAnnotations says whether metadata.annotations is a mapping there, and
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
}

// Parse reads a manifest. Documents that are no Kubernetes objects, or objects
// without a pod template, are no error and stay as they are; text that is
// neither YAML nor JSON is an error with line and column.
func Parse(name string, data []byte) (*File, error) { panic("skeleton") }

// Templates returns the pod templates in text order, those inside Lists included.
func (f *File) Templates() []Template { panic("skeleton") }

// Namespaces returns the labels of Namespace objects in the file, by name.
func (f *File) Namespaces() map[string]map[string]string { panic("skeleton") }

// Apply returns the text with edits made; edits[i] is for Templates()[i] (a
// shorter slice leaves the rest alone). Every byte outside the edited
// annotations stays as it was.
func (f *File) Apply(edits []Edit) ([]byte, error) { panic("skeleton") }
