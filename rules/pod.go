package rules

import "net/netip"

// Pod is what a decision needs to know of a pod, taken from an admission
// review or from a manifest. Nothing in it is changed by deciding.
type Pod struct {
	Namespace   Namespace
	Name        string // name, or generateName with its trailing "-"
	Labels      map[string]string
	Annotations map[string]string
	HostNetwork bool
	// Admitted says that the pod runs, or did: what rules say now is for its
	// successor. At admission it is false.
	Admitted   bool
	Containers []Container // init containers first
	// Lot is a random number over 0 up to 1, drawn for this pod as it is admitted; 0
	// for one that is not, such as the template of many pods.
	Lot float64
	// GracePeriod is terminationGracePeriodSeconds; nil for Kubernetes' default.
	GracePeriod *int64
	Volumes     []Volume // those of ConfigMaps; others may be left out
	// ConfigMaps knows the ConfigMaps of the pod's namespace; nil where nobody
	// reads them.
	ConfigMaps ConfigMaps
	// Size is about how many bytes the whole object has, as an API server
	// sends or stores it; 0 where nobody knows.
	Size int
	// Mesh is what Istio itself says for this pod's revision; nil where no
	// cluster tells, then the file's mesh section counts.
	Mesh *MeshDefaults
}

// Namespace is where the pod is going to be.
type Namespace struct {
	Name   string
	Labels map[string]string
	// Known is false where labels cannot be had. The namespace then counts as
	// opted in, and rules with a namespaceSelector do not match.
	Known bool
}

// MeshDefaults are what Istio was installed with. A pod annotation replaces
// exclusions, so holdfast carries them over.
type MeshDefaults struct {
	ExcludeOutboundPorts    []uint16
	ExcludeOutboundIPRanges []netip.Prefix
	// StartsFirst says that every sidecar starts before the application.
	StartsFirst bool
}

// Container is the part of a container that can show a destination, in the
// JSON of the Kubernetes API.
// Source: https://pkg.go.dev/k8s.io/api/core/v1#Container
type Container struct {
	Name         string        `json:"name"`
	Command      []string      `json:"command"`
	Args         []string      `json:"args"`
	EnvFrom      []EnvFrom     `json:"envFrom"`
	Env          []EnvVar      `json:"env"`
	VolumeMounts []VolumeMount `json:"volumeMounts"`
}

// EnvVar is an environment variable. Value is empty where ValueFrom gives it.
type EnvVar struct {
	Name      string     `json:"name"`
	Value     string     `json:"value"`
	ValueFrom *ValueFrom `json:"valueFrom"`
}

// ValueFrom says where a variable's value comes from: the reference that has a
// name, or, if none has, the pod itself.
type ValueFrom struct {
	ConfigMapKeyRef KeyRef `json:"configMapKeyRef"`
	SecretKeyRef    KeyRef `json:"secretKeyRef"`
}

// KeyRef names a key of an object in the pod's namespace.
type KeyRef struct {
	Name     string `json:"name"`
	Key      string `json:"key"`
	Optional bool   `json:"optional"`
}

// EnvFrom makes variables of all keys of an object: of the reference that has a
// name. Prefix stands before each key.
type EnvFrom struct {
	Prefix       string    `json:"prefix"`
	ConfigMapRef ObjectRef `json:"configMapRef"`
	SecretRef    ObjectRef `json:"secretRef"`
}

// ObjectRef names an object in the pod's namespace.
type ObjectRef struct {
	Name     string `json:"name"`
	Optional bool   `json:"optional"`
}
