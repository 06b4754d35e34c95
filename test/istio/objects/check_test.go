package objects_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/set_filter_state/v3" // so that typed_config is resolved
	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
	networkingapi "istio.io/api/networking/v1alpha3"
	"istio.io/istio/pilot/pkg/config/kube/crd"
	"istio.io/istio/pkg/config/validation/envoyfilter"

	"github.com/holdfast-mesh/holdfast/mesh"
)

// everyEnvoyFilter begins the one warning that Istio has for any EnvoyFilter, whatever is in it.
const everyEnvoyFilter = "EnvoyFilter exposes internal implementation details"

// checkObjects reads back what render prints, as Istio does, and lets Istio and Envoy's types
// judge each object.
func checkObjects(objects []mesh.Object) error {
	var text bytes.Buffer
	if err := mesh.WriteYAML(&text, objects); err != nil {
		return err
	}
	configs, others, err := crd.ParseInputs(text.String())
	if err != nil {
		return err
	}
	if len(configs) != len(objects) || len(others) != 0 {
		return fmt.Errorf("got %d objects of Istio's and %d others, want %d and none", len(configs), len(others), len(objects))
	}
	for i, c := range configs {
		o := objects[i]
		if c.Name != o.Name || c.Namespace != o.Namespace {
			return fmt.Errorf("got object %s/%s, want %s/%s", c.Namespace, c.Name, o.Namespace, o.Name)
		}
		spec, ok := c.Spec.(*networkingapi.EnvoyFilter)
		if !ok {
			return fmt.Errorf("%s: got a %T, want an EnvoyFilter", o.Name, c.Spec)
		}
		if diff := cmp.Diff(o.Spec, spec, protocmp.Transform()); diff != "" {
			return fmt.Errorf("%s: what is printed reads as something else (-want +got):\n%s", o.Name, diff)
		}
		warning, err := envoyfilter.ValidateEnvoyFilter(c)
		if err != nil {
			return fmt.Errorf("%s: Istio refuses it: %w", o.Name, err)
		}
		for _, w := range parts(warning) {
			if !strings.HasPrefix(w.Error(), everyEnvoyFilter) {
				return fmt.Errorf("%s: Istio warns: %w", o.Name, w)
			}
		}
		for n, p := range spec.ConfigPatches {
			if err := checkPatch(p); err != nil {
				return fmt.Errorf("%s, patch %d: %w", o.Name, n, err)
			}
		}
	}
	return nil
}

// parts returns what Istio joined into one error.
func parts(err error) []error {
	var joined interface{ WrappedErrors() []error }
	switch {
	case err == nil:
		return nil
	case errors.As(err, &joined):
		return joined.WrappedErrors()
	}
	return []error{err}
}

// checkPatch decodes the value strictly into the type that it patches, and validates it as Envoy
// does.
func checkPatch(p *networkingapi.EnvoyFilter_EnvoyConfigObjectPatch) error {
	text, err := protojson.Marshal(p.Patch.Value)
	if err != nil {
		return err
	}
	var target proto.Message
	switch p.ApplyTo {
	case networkingapi.EnvoyFilter_CLUSTER:
		// What a patch is merged into has a name.
		target = &clusterv3.Cluster{Name: "any"}
	case networkingapi.EnvoyFilter_LISTENER:
		target = &listenerv3.Listener{}
	case networkingapi.EnvoyFilter_NETWORK_FILTER:
		target = &listenerv3.Filter{}
	default:
		return fmt.Errorf("got a patch of %s, want one that this test knows", p.ApplyTo)
	}
	value := target.ProtoReflect().New().Interface()
	if err := (protojson.UnmarshalOptions{DiscardUnknown: false}).Unmarshal(text, value); err != nil {
		return fmt.Errorf("strictly decoded: %w", err)
	}
	proto.Merge(target, value)
	if err := validate(target); err != nil {
		return err
	}
	if filter, ok := target.(*listenerv3.Filter); ok {
		config, err := filter.GetTypedConfig().UnmarshalNew()
		if err != nil {
			return fmt.Errorf("typed_config: %w", err)
		}
		return validate(config)
	}
	return nil
}

func validate(m proto.Message) error {
	v, ok := m.(interface{ ValidateAll() error })
	if !ok {
		return fmt.Errorf("got a %T without rules of its own, want one with ValidateAll", m)
	}
	return v.ValidateAll()
}
