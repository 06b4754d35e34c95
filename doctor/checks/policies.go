package checks

import (
	"fmt"
	"maps"
	"slices"

	"github.com/holdfast-mesh/holdfast/doctor"
)

func policies(s *doctor.Snapshot, r *doctor.Result) {
	whyNone(s, r)
	r.Unseen(s.ProbeLimit)
	tried := 0
	for _, p := range s.Probes {
		if p.PolicyUnseen != "" {
			r.Unseen(p.PolicyUnseen)
			continue
		}
		tried++
		r.Seen = fmt.Sprintf("dry-run pods with holdfast's annotations in %s", count(tried, "namespace"))
		for _, key := range slices.Sorted(maps.Keys(p.Refused)) {
			r.Add(doctor.AnnotationsRefused, "Namespace "+p.Namespace, fmt.Sprintf("a pod with annotation %s is refused: %s", key, p.Refused[key]),
				fmt.Sprintf("allow the annotation %s in the policy that the message names, for this namespace; or opt it out until then: kubectl label namespace %s holdfast.dev/enabled=false --overwrite", key, p.Namespace))
		}
	}
}
