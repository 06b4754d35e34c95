package rules

// ConfigMaps are those of one namespace, as far as they are known.
type ConfigMaps interface {
	// ConfigMap returns what is kept of a ConfigMap, or nil if it is not known, or
	// not yet.
	ConfigMap(name string) *ConfigMap
}

// ConfigMap is what is kept of a ConfigMap: texts that can show an address, and
// none of its secrets.
type ConfigMap struct{}
