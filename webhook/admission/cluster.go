package admission

import "github.com/holdfast-mesh/holdfast/rules"

// Cluster is what is known of the cluster, without asking anybody.
type Cluster interface {
	// Namespace returns what is known of a namespace. Known is false where the
	// labels cannot be had.
	Namespace(name string) rules.Namespace
	// Mesh returns what Istio says for a revision or tag, or nil.
	Mesh(revision string) *rules.MeshDefaults
	// ConfigMaps returns what is known of a namespace's ConfigMaps, or nil where
	// nobody reads them.
	ConfigMaps(namespace string) rules.ConfigMaps
	// MeshObjectMissing reports whether Istio's root namespace is known to have
	// no EnvoyFilter of that name. Where nobody knows, it is false.
	MeshObjectMissing(name string) bool
}

// NoCluster knows nothing: namespaces count as opted in, because the API
// server's namespaceSelector has chosen them, and the rules file says what
// Istio was installed with.
type NoCluster struct{}

// Namespace returns the name alone.
func (NoCluster) Namespace(name string) rules.Namespace { return rules.Namespace{Name: name} }

// Mesh returns nil.
func (NoCluster) Mesh(string) *rules.MeshDefaults { return nil }

// ConfigMaps returns nil.
func (NoCluster) ConfigMaps(string) rules.ConfigMaps { return nil }

// MeshObjectMissing returns false.
func (NoCluster) MeshObjectMissing(string) bool { return false }
