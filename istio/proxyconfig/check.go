package proxyconfig

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	//lint:ignore SA1019 Istio decodes with this package, and its newer form accepts other texts
	"github.com/golang/protobuf/jsonpb"
	mesh "istio.io/api/mesh/v1alpha1"
	"sigs.k8s.io/yaml"

	"github.com/holdfast-mesh/holdfast/istio"
)

// check asks whether the injector takes the configuration: it decodes into a
// ProxyConfig as the injector does, over Istio's defaults, and validates that.
//
// Source: validateProxyConfig in
// https://github.com/istio/istio/blob/eed52ebb66ad/pkg/kube/inject/validate.go
func (v *view) check(text string) error {
	for _, f := range Fields() {
		if seen := &v.known[f]; seen.given {
			if err := f.check(seen.value); err != nil {
				return fieldError(text, seen.name, err)
			}
		}
	}
	if !v.fewFields() {
		config := defaultProxyConfig()
		if err := decodeFields(v.fields, config); err != nil {
			return v.decodeError(text, err)
		}
		if field, err := validateProxyConfig(config); err != nil {
			return fieldError(text, field, err)
		}
	}
	return v.checkTemplate(text)
}

// knownFields is every name that Istio's decoder knows, in both spellings.
var knownFields = sync.OnceValue(func() map[string]bool {
	names := map[string]bool{}
	fields := (&mesh.ProxyConfig{}).ProtoReflect().Descriptor().Fields()
	for i := range fields.Len() {
		names[string(fields.Get(i).Name())] = true
		names[fields.Get(i).JSONName()] = true
	}
	return names
})

// fewFields reports whether Istio would decode no fields but proxyMetadata and
// those that holdfast writes, which decodeView has already done.
func (v *view) fewFields() bool {
	known := knownFields()
	for name := range v.fields {
		ours := slices.Contains(metadataSpellings[:], name)
		for _, spellings := range fieldSpellings {
			ours = ours || slices.Contains(spellings[:], name)
		}
		extension := strings.HasPrefix(name, "[")
		if !ours && (known[name] || extension) {
			return false
		}
	}
	return true
}

// decodeFields decodes as Istio does. Istio tries without unknown fields first
// and then with them, which gives the same as the second alone.
func decodeFields(fields map[string]json.RawMessage, config *mesh.ProxyConfig) error {
	js, err := json.Marshal(fields)
	if err != nil {
		return err
	}
	decoder := jsonpb.Unmarshaler{AllowUnknownFields: true}
	return decoder.Unmarshal(bytes.NewReader(js), config)
}

// checkDrainDuration wants what both the decoder and the validation take.
// Source: ValidateDrainDuration in
// https://github.com/istio/istio/blob/eed52ebb66ad/pkg/config/validation/agent/validation.go
func checkDrainDuration(value string) error {
	d, err := time.ParseDuration(value)
	switch {
	case err != nil:
		if meant := istio.SuggestDuration(value); meant != "" {
			return fmt.Errorf("got %q, want %q", value, meant)
		}
		return fmt.Errorf("got %q, want a duration like \"45s\"", value)
	case d < time.Second || d%time.Second != 0:
		return fmt.Errorf("got %q, want whole seconds from \"1s\"", value)
	}
	return nil
}

// checkTemplate asks whether the injection template survives the values. It
// pastes them between quotes without escaping.
//
// Source:
// https://github.com/istio/istio/blob/eed52ebb66ad/manifests/charts/istio-control/istio-discovery/files/injection-template.yaml
func (v *view) checkTemplate(text string) error {
	var odd []string // keys of what may not stand for itself
	for key, value := range v.metadata {
		if !standsForItself(key) || !isCarried(value) {
			odd = append(odd, key)
		}
	}
	slices.Sort(odd)
	if v.survivesTemplate(odd...) {
		return nil
	}
	bad := slices.IndexFunc(odd, func(key string) bool { return !v.survivesTemplate(key) })
	return entryError(text, v.metadataField, odd[max(bad, 0)], errors.New("got characters that break Istio's "+
		"injection template, want none of \" \\ and line breaks in the value and a plain name as the key"))
}

// survivesTemplate reports whether entries are environment variables where the
// template pastes them.
func (v *view) survivesTemplate(keys ...string) bool {
	if len(keys) == 0 {
		return true
	}
	text := []byte("env:\n")
	for _, key := range keys {
		text = fmt.Appendf(text, "    - name: %s\n      value: \"%s\"\n", key, v.metadata[key])
	}
	var rendered struct {
		Env []struct{ Name, Value string }
	}
	js, err := yaml.YAMLToJSON(text)
	return err == nil && json.Unmarshal(js, &rendered) == nil
}

// standsForItself reports whether a key is a text wherever YAML wants a key or
// a value. Shorter ones may be booleans or null.
func standsForItself(key string) bool { return len(key) > len("false") && isMetadataName(key) }

// defaultProxyConfig is what Istio applies an annotation to, as far as it is
// validated here.
// Source: DefaultProxyConfig in
// https://github.com/istio/istio/blob/eed52ebb66ad/pkg/config/mesh/mesh.go
func defaultProxyConfig() *mesh.ProxyConfig {
	return &mesh.ProxyConfig{
		ConfigPath:       "./etc/istio/proxy",
		BinaryPath:       "/usr/local/bin/envoy",
		ClusterName:      &mesh.ProxyConfig_ServiceCluster{ServiceCluster: "istio-proxy"},
		DiscoveryAddress: "istiod.istio-system.svc:15012",
		ProxyAdminPort:   15000,
		StatusPort:       15020,
	}
}
