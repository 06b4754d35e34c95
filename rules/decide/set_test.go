package decide

import (
	"fmt"
	"net/netip"
	"reflect"
	"testing"
	"time"

	"github.com/holdfast-mesh/holdfast/internal/ports"
	"github.com/holdfast-mesh/holdfast/istio"
	"github.com/holdfast-mesh/holdfast/rules"
	"github.com/holdfast-mesh/holdfast/test/turns"
)

// fullFile has a value in every field.
func fullFile() *rules.File {
	hour := time.Hour
	selector := func() *rules.Selector {
		return &rules.Selector{
			MatchLabels:      map[string]string{"app": "cart", "tier": "web"},
			MatchExpressions: []rules.Requirement{{Key: "team", Operator: rules.OpIn, Values: []string{"a"}}},
		}
	}
	prefixes := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	return &rules.File{
		Mode: rules.Enforce,
		Mesh: rules.Mesh{RootNamespace: "istio-system", MeshDefaults: rules.MeshDefaults{ExcludeOutboundPorts: []uint16{25}, ExcludeOutboundIPRanges: prefixes, StartsFirst: true}, Given: true},
		Rules: []rules.Rule{{
			Name: "redis", Description: "words", Mode: rules.Enforce,
			Destinations: rules.Destinations{Middleware: []string{"redis"}, Ports: []ports.Range{port(6379)}, CIDRs: prefixes, Hosts: []string{"cache"}},
			Workloads:    rules.Workloads{Namespaces: []string{"shop"}, NamespaceSelector: selector(), PodSelector: selector(), Referencing: true},
			Strategy: rules.Strategy{
				IdleTimeout: &hour, Scope: rules.ScopeSidecar, Keepalive: &istio.Keepalive{Time: 1, Interval: 1, Probes: 1},
				DrainDuration: &hour, DrainJitter: 25, SidecarStartsFirst: true, SidecarStopsLast: true, Bypass: rules.BypassPorts,
			},
			AllowBroad: true, AllowProtected: true, Line: 1, Column: 1,
		}},
		Gateways: []rules.Gateway{{
			Name: "edge", Namespace: "istio-system", Selector: map[string]string{"istio": "ingressgateway"}, Ports: []uint16{443},
			Keepalive: istio.Keepalive{Time: 1, Interval: 1, Probes: 1}, IdleTimeout: &hour, DrainDuration: &hour, DrainJitter: 25, StopsLast: true, Line: 1, Column: 1,
		}},
	}
}

// Every field of the format decides, and makes another hash, unless its tag
// says that it does not.
func TestEveryFieldIsInTheHash(t *testing.T) {
	file := fullFile()
	before := hashOf(file)
	changed := 0
	// try changes one value and takes it back.
	try := func(path string, v reflect.Value, other reflect.Value, decides bool) {
		old := reflect.New(v.Type()).Elem()
		old.Set(v)
		v.Set(other)
		if got := hashOf(file) != before; got != decides {
			t.Errorf("%s: got another hash for %v: %v, want %v", path, other, got, decides)
		}
		v.Set(old)
		changed++
	}
	var walk func(path string, v reflect.Value, decides bool)
	walk = func(path string, v reflect.Value, decides bool) {
		if v.IsZero() {
			t.Fatalf("%s is empty: give it a value in fullFile", path)
		}
		switch v.Kind() {
		case reflect.Pointer:
			try(path, v, reflect.Zero(v.Type()), decides)
			walk(path, v.Elem(), decides)
		case reflect.Slice:
			try(path, v, reflect.Zero(v.Type()), decides)
			try(path, v, reflect.AppendSlice(v, v), decides)
			walk(path+"[0]", v.Index(0), decides)
		case reflect.Map:
			try(path, v, reflect.Zero(v.Type()), decides)
			for _, key := range v.MapKeys() {
				other := reflect.MakeMap(v.Type())
				other.SetMapIndex(key, reflect.ValueOf("other"))
				try(path, v, other, decides)
			}
		case reflect.String:
			try(path, v, reflect.ValueOf(v.String()+"x").Convert(v.Type()), decides)
		case reflect.Bool:
			try(path, v, reflect.ValueOf(!v.Bool()), decides)
		case reflect.Int, reflect.Int64, reflect.Uint16, reflect.Uint8:
			try(path, v, reflect.ValueOf(2).Convert(v.Type()), decides)
		case reflect.Struct:
			if v.Type() == reflect.TypeFor[netip.Prefix]() {
				try(path, v, reflect.ValueOf(netip.MustParsePrefix("10.0.0.0/9")), decides)
				try(path, v, reflect.ValueOf(netip.MustParsePrefix("11.0.0.0/8")), decides)
				return
			}
			for i := range v.NumField() {
				field := v.Type().Field(i)
				walk(path+"."+field.Name, v.Field(i), decides && field.Tag.Get("json") != "-")
			}
		default:
			t.Fatalf("%s: the test knows no other value for a %s", path, v.Kind())
		}
	}
	walk("file", reflect.ValueOf(file).Elem(), true)
	if changed < 50 {
		t.Errorf("got %d changes tried, want all fields", changed)
	}
}

// These decide nothing; every other field does.
func TestFieldsOutsideOfTheHash(t *testing.T) {
	want := map[string]bool{
		"Rule.Description": true, "Rule.AllowBroad": true, "Rule.AllowProtected": true, "Rule.Line": true, "Rule.Column": true,
		"Gateway.Line": true, "Gateway.Column": true, "Mesh.Given": true,
	}
	for _, typ := range []reflect.Type{
		reflect.TypeFor[rules.File](), reflect.TypeFor[rules.Mesh](), reflect.TypeFor[rules.MeshDefaults](), reflect.TypeFor[rules.Rule](), reflect.TypeFor[rules.Destinations](),
		reflect.TypeFor[rules.Workloads](), reflect.TypeFor[rules.Selector](), reflect.TypeFor[rules.Requirement](), reflect.TypeFor[rules.Strategy](),
		reflect.TypeFor[rules.Gateway](), reflect.TypeFor[istio.Keepalive](), reflect.TypeFor[ports.Range](),
	} {
		for i := range typ.NumField() {
			name := fmt.Sprintf("%s.%s", typ.Name(), typ.Field(i).Name)
			if left := typ.Field(i).Tag.Get("json") == "-"; left != want[name] {
				t.Errorf("%s: got it left out of the hash: %v, want %v", name, left, want[name])
			}
		}
	}
}

// Lists and selectors that are empty are the same as none, and the order in
// which a map is read makes no difference.
func TestHashOfEqualPolicies(t *testing.T) {
	file, same := fullFile(), fullFile()
	file.Rules[0].Destinations.Hosts, same.Rules[0].Destinations.Hosts = nil, []string{}
	file.Gateways[0].Selector, same.Gateways[0].Selector = nil, map[string]string{}
	for range 20 {
		if got, want := hashOf(same), hashOf(file); got != want || len(got) != 16 {
			t.Fatalf("got %s and %s, want one hash of 16 digits", got, want)
		}
	}
}

// Others get their turn between rules that are compiled.
func TestOthersGetTheirTurn(t *testing.T) {
	const n = 1000
	file := &rules.File{}
	for i := range n {
		file.Rules = append(file.Rules, rules.Rule{Name: fmt.Sprint(i), Destinations: rules.Destinations{Ports: []ports.Range{port(6379)}}})
	}
	if turns := turns.During(func() { Compile(file) }); turns < n*9/10 { // at times the scheduler takes the same one again
		t.Errorf("got %d turns of others while %d rules were compiled, want one for each", turns, n)
	}
}
