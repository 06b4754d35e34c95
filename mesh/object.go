package mesh

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"google.golang.org/protobuf/types/known/structpb"
	networkingapi "istio.io/api/networking/v1alpha3"

	"github.com/holdfast-mesh/holdfast/istio"
	"github.com/holdfast-mesh/holdfast/rules"
)

// Labels of every object.
const (
	// NameLabel and its value NameValue say whose objects they are.
	NameLabel, NameValue = "app.kubernetes.io/name", "holdfast"
	// KindLabel says which of the three kinds an object is.
	KindLabel = "holdfast.dev/mesh-object"
)

// Kind is one of the three kinds of objects.
type Kind string

// The kinds, as KindLabel has them.
const (
	KindDestinations Kind = "destinations"
	KindKeepalive    Kind = "keepalive"
	KindGateway      Kind = "gateway"
)

// Object is one EnvoyFilter, without what only a cluster knows of it.
type Object struct {
	Kind            Kind
	Namespace, Name string
	Labels          map[string]string
	Spec            *networkingapi.EnvoyFilter
	// Comment says for people what the object is for, and what applying,
	// changing and deleting it does to open connections. Lines of at most 100
	// characters, without "#".
	Comment string
}

// For returns what a rules file needs in the mesh, rules in mode Observe
// included: an object that is there before the first pod asks for it cuts
// nothing. The order depends on nothing but the objects: destinations, keepalive
// by value, gateways by name.
func For(f *rules.File) (objects []Object) {
	keepalives := map[istio.Keepalive][]string{} // rules by value
	var scoped []string
	for i := range f.Rules {
		r := &f.Rules[i]
		if r.Strategy.Scope == rules.ScopeDestinations {
			scoped = append(scoped, r.Name)
		}
		if k := r.Strategy.Keepalive; k != nil {
			keepalives[*k] = append(keepalives[*k], r.Name)
		}
	}
	if scoped != nil {
		objects = append(objects, Destinations(f.Mesh.RootNamespace))
	}
	for _, k := range slices.SortedFunc(maps.Keys(keepalives), compareKeepalive) {
		objects = append(objects, Keepalive(f.Mesh.RootNamespace, k))
	}
	gateways := slices.SortedFunc(slices.Values(f.Gateways), func(a, b rules.Gateway) int { return strings.Compare(a.Name, b.Name) })
	for i := range gateways {
		if gateways[i].Keepalive != (istio.Keepalive{}) {
			objects = append(objects, Gateway(&gateways[i]))
		}
	}
	return objects
}

func compareKeepalive(a, b istio.Keepalive) int {
	return cmp.Or(cmp.Compare(a.Time, b.Time), cmp.Compare(a.Interval, b.Interval), cmp.Compare(a.Probes, b.Probes))
}

// newObject makes an object of one kind.
func newObject(kind Kind, namespace, name, comment string, spec *networkingapi.EnvoyFilter) Object {
	return Object{
		Kind: kind, Namespace: namespace, Name: name, Spec: spec, Comment: strings.TrimSpace(comment),
		Labels: map[string]string{NameLabel: NameValue, KindLabel: string(kind)},
	}
}

// values is a mapping of Envoy's configuration in its JSON form.
type values = map[string]any

// structOf turns values into the type that an EnvoyFilter holds. Every value in
// this package is of a type that it knows.
func structOf(v values) *structpb.Struct {
	s, err := structpb.NewStruct(v)
	if err != nil {
		panic("mesh: " + err.Error()) // a defect of this package: the values are its own
	}
	return s
}
