package rules

// Volume is the part of a pod's volume that shows ConfigMaps as files, in the JSON
// of the Kubernetes API.
// Source: https://pkg.go.dev/k8s.io/api/core/v1#Volume
type Volume struct {
	Name      string           `json:"name"`
	ConfigMap *ConfigMapVolume `json:"configMap"`
	Projected *Projected       `json:"projected"`
}

// Projected is a volume of several sources.
type Projected struct {
	Sources []ProjectedSource `json:"sources"`
}

// ProjectedSource is a source of a projected volume; ConfigMap is nil if it is
// another kind.
type ProjectedSource struct {
	ConfigMap *ConfigMapVolume `json:"configMap"`
}

// ConfigMapVolume shows each key of a ConfigMap as a file of that name, or, with
// Items, only those keys, each at its path.
type ConfigMapVolume struct {
	Name     string      `json:"name"`
	Items    []KeyToPath `json:"items"`
	Optional bool        `json:"optional"`
}

// KeyToPath is the path of a key within its volume.
type KeyToPath struct {
	Key  string `json:"key"`
	Path string `json:"path"`
}

// VolumeMount shows a container a volume: all of it, or, with SubPath, that file
// or folder of it.
type VolumeMount struct {
	Name    string `json:"name"`
	SubPath string `json:"subPath"`
}
