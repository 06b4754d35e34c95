package istio

// ProxyConfig is the text of a ProxyConfigAnnotation, understood as Istio's
// injector understands it and kept as its author wrote it.
type ProxyConfig struct{}

// ParseProxyConfig reads an annotation's value; an empty text is an empty
// configuration. It returns an error exactly when Istio's injector would
// reject the pod for it: broken YAML, a wrong type of a known field
// (proxyMetadata values must be strings). The error names line and field and
// says how to write it. Unknown fields are no error.
func ParseProxyConfig(text string) (*ProxyConfig, error) { panic("skeleton") }

// Metadata returns the value that Istio would use for a key of proxyMetadata.
// If both proxyMetadata and proxy_metadata are there, the camelCase one wins.
func (c *ProxyConfig) Metadata(key string) (value string, ok bool) { panic("skeleton") }

// MetadataKeys returns the keys that Istio would use, in text order.
func (c *ProxyConfig) MetadataKeys() []string { panic("skeleton") }

// DrainDuration returns the text of drainDuration (or drain_duration), if set.
func (c *ProxyConfig) DrainDuration() (value string, ok bool) { panic("skeleton") }

// ProxyConfigEdit is a change of a ProxyConfig.
type ProxyConfigEdit struct {
	SetMetadata    map[string]string // keys of proxyMetadata to set
	RemoveMetadata []string          // keys of proxyMetadata to remove
	DrainDuration  string            // to set; empty leaves what stands there
}

// Edit returns the text with the edit made. Everything else stays as it was
// written: other keys, unknown keys, comments, order, block or flow style, the
// spelling proxy_metadata, line ends. What is already so is not touched, so
// the text comes back unchanged, byte for byte, when nothing is to be done,
// and editing twice equals editing once. New values are double-quoted strings,
// new keys are added in sorted order. Istio accepts the result.
func (c *ProxyConfig) Edit(edit ProxyConfigEdit) (string, error) { panic("skeleton") }
