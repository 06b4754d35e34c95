package proxyconfig

// Size returns how many bytes the configuration takes with an edit made, at
// most, where Istio's injector writes it down as JSON: in the environment
// variable PROXY_CONFIG. What the installation's own configuration adds there is
// not known here.
//
// Source: PROXY_CONFIG in
// https://github.com/istio/istio/blob/eed52ebb66ad/manifests/charts/istio-control/istio-discovery/files/injection-template.yaml
func (c *Config) Size(edit Edit) int {
	const (
		braces      = len("{}")
		punctuation = len(`"":"",`)
	)
	size := braces + len(c.view.metadataField) + punctuation
	for name, raw := range c.view.fields {
		size += len(name) + len(raw) + punctuation
	}
	for key, value := range edit.SetMetadata {
		size += len(key) + len(value) + punctuation
	}
	for f, value := range edit.SetFields {
		size += len(c.view.known[f].name) + len(value) + punctuation
	}
	return size
}
