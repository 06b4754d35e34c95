package checks

import (
	"fmt"
	"slices"

	"google.golang.org/protobuf/proto"
	networking "istio.io/client-go/pkg/apis/networking/v1alpha3"

	"github.com/holdfast-mesh/holdfast/doctor"
	"github.com/holdfast-mesh/holdfast/mesh"
)

func meshObjects(s *doctor.Snapshot, r *doctor.Result) {
	m := s.Rules.Value
	if m == nil || m.File == nil {
		r.Unseen(s.Rules.Unseen)
		if s.Rules.Unseen == "" {
			r.Unseen("the rules cannot be read: see " + string(doctor.Rules))
		}
		return
	}
	needed := mesh.For(m.File)
	if len(needed) == 0 {
		r.Seen = "the rules need none"
		return
	}
	if s.EnvoyFilters.Unseen != "" {
		r.Unseen(s.EnvoyFilters.Unseen)
		return
	}
	apply := "holdfast render -f rules.yaml | kubectl apply -f -, with the rules in force; or --manage-mesh, which keeps those of keepalive and gateways (chart: manageMesh)"
	if s.EnvoyFilters.Value == nil {
		r.Add(doctor.DefinitionsMissing, needed[0].Name, "the API server knows no EnvoyFilters", "install Istio's definitions (chart istio-base); then "+apply)
		return
	}
	for _, n := range needed {
		object := fmt.Sprintf("EnvoyFilter %s/%s", n.Namespace, n.Name)
		i := slices.IndexFunc(s.EnvoyFilters.Value.Items, func(f *networking.EnvoyFilter) bool { return f.Namespace == n.Namespace && f.Name == n.Name })
		switch {
		case i < 0:
			r.Add(doctor.MeshObjectMissing, object, "not there", apply)
		case !proto.Equal(&s.EnvoyFilters.Value.Items[i].Spec, n.Spec):
			r.Add(doctor.MeshObjectChanged, object, "its spec is not what the rules need", apply+". "+costs[n.Kind])
		}
	}
	r.Seen = count(len(needed), "EnvoyFilter") + " needed"
}

// costs is what changing an object does to open connections.
var costs = map[mesh.Kind]string{
	mesh.KindDestinations: "Connections of the pods that use it are cut after their drainDuration, 45 s unless set",
	mesh.KindKeepalive:    "No connection is cut",
	mesh.KindGateway:      "The gateway's connections are cut after its drainDuration, 45 s unless set",
}
