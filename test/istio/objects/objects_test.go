package objects_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"google.golang.org/protobuf/types/known/structpb"
	networkingapi "istio.io/api/networking/v1alpha3"
	"pgregory.net/rapid"

	"github.com/holdfast-mesh/holdfast/mesh"
	"github.com/holdfast-mesh/holdfast/rules"
	"github.com/holdfast-mesh/holdfast/rules/load"
	"github.com/holdfast-mesh/holdfast/test/cluster"
)

// The objects of every rules file of this repository.
func TestFiles(t *testing.T) {
	var files []string
	for _, pattern := range []string{"deploy/examples/rules.yaml", "rules/load/testdata/good/*.yaml", "test/istio/testdata/*.yaml"} {
		found, err := filepath.Glob(filepath.Join(cluster.Root(), pattern))
		if err != nil || len(found) == 0 {
			t.Fatalf("%s: got %d files (error %v), want some", pattern, len(found), err)
		}
		files = append(files, found...)
	}
	kinds := map[mesh.Kind]int{}
	for _, path := range files {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		file, problems := load.Rules(path, text)
		if file == nil {
			t.Fatal(problems)
		}
		for _, o := range mesh.For(file) {
			kinds[o.Kind]++
		}
		if err := checkRendered(file); err != nil {
			t.Errorf("%s: %v", path, err)
		}
	}
	for _, kind := range []mesh.Kind{mesh.KindDestinations, mesh.KindKeepalive, mesh.KindGateway} {
		if kinds[kind] == 0 {
			t.Errorf("no file gives an object of kind %s", kind)
		}
	}
}

// The objects of any rules.
func TestAnyRules(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		file := anyFile(t)
		if err := checkRendered(file); err != nil {
			var text bytes.Buffer
			_ = mesh.WriteYAML(&text, mesh.For(file))
			t.Errorf("%v\n%s", err, text.String())
		}
	})
}

// What is wrong does not pass: each of these is what a mistake in package mesh would make.
func TestBroken(t *testing.T) {
	type patch = networkingapi.EnvoyFilter_EnvoyConfigObjectPatch
	set := func(key string, value any) func(*patch) {
		return func(p *patch) {
			v, err := structpb.NewValue(value)
			if err != nil {
				t.Fatal(err)
			}
			p.Patch.Value.Fields[key] = v
		}
	}
	keepalive := func(name string, value any) map[string]any {
		return map[string]any{"tcp_keepalive": map[string]any{name: value}}
	}
	destinations, probed := mesh.Destinations("istio-system"), mesh.Keepalive("istio-system", keepaliveOf(120, 30, 3))
	for name, test := range map[string]struct {
		object mesh.Object
		edit   func(*patch)
		want   string // part of the message
	}{
		"a type that nobody knows":           {destinations, set("typed_config", map[string]any{"@type": "type.googleapis.com/envoy.extensions.filters.network.none.v3.Config"}), "referenced type unknown"},
		"a type of the API before v3":        {destinations, set("typed_config", map[string]any{"@type": "type.googleapis.com/envoy.config.filter.network.tcp_proxy.v2.TcpProxy"}), "v3"},
		"a filter without its configuration": {destinations, func(p *patch) { delete(p.Patch.Value.Fields, "typed_config") }, "typed_config"},
		"a field that Envoy refuses": {destinations, set("typed_config", map[string]any{
			"@type":             "type.googleapis.com/envoy.extensions.filters.network.set_filter_state.v3.Config",
			"on_new_connection": []any{map[string]any{"object_key": ""}},
		}), "ObjectKey: value length must be at least 1"},
		"a field that Envoy does not know": {probed, set("upstream_connection_options", keepalive("keepalive_tim", 1)), "keepalive_tim"},
		"a number where none fits":         {probed, set("upstream_connection_options", keepalive("keepalive_time", -1)), "number -1"},
		"no operation":                     {destinations, func(p *patch) { p.Patch.Operation = 0 }, "missing patch operation"},
		"a broken regular expression":      {destinations, func(p *patch) { p.Match.Proxy.ProxyVersion = "(" }, "invalid regex"},
		"a match of another kind": {destinations, func(p *patch) {
			p.Match.ObjectTypes = &networkingapi.EnvoyFilter_EnvoyConfigObjectMatch_Cluster{Cluster: &networkingapi.EnvoyFilter_ClusterMatch{}}
		}, "non listener match"},
	} {
		t.Run(name, func(t *testing.T) {
			broken := test.object
			broken.Spec = broken.Spec.DeepCopy()
			test.edit(broken.Spec.ConfigPatches[0])
			if err := checkObjects([]mesh.Object{broken}); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want an error with %q", err, test.want)
			}
		})
	}
}

// checkRendered checks all that a rules file needs.
func checkRendered(file *rules.File) error { return checkObjects(mesh.For(file)) }
