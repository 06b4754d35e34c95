package checks

import (
	"fmt"
	"maps"
	"slices"

	"github.com/holdfast-mesh/holdfast/doctor"
)

func reachability(s *doctor.Snapshot, r *doctor.Result) {
	whyNone(s, r)
	r.Unseen(s.ProbeLimit)
	answered := 0
	for _, p := range s.Probes {
		switch {
		case p.Unseen != "":
			r.Unseen(p.Unseen)
		case p.Answered:
			answered++
			r.Seen = fmt.Sprintf("holdfast answered for dry-run pods in %s", count(answered, "namespace"))
		default:
			r.Seen = "dry-run pods were created"
			r.Add(doctor.NotReached, "Namespace "+p.Namespace, "a dry-run pod was created there, and holdfast did not answer",
				fmt.Sprintf("mend what the other checks found; if they found nothing, the API server cannot connect to pods of Service %s/holdfast (a firewall from the control plane to port 9443, a NetworkPolicy, a custom CNI): its log and its metric apiserver_admission_webhook_fail_open_count say so", s.Namespace))
		}
	}
}

// whyNone says why no pod was tried, if none was.
func whyNone(s *doctor.Snapshot, r *doctor.Result) {
	if len(s.Probes) > 0 {
		return
	}
	if r.Unseen(s.Namespaces.Unseen); s.Namespaces.Unseen != "" {
		r.Unseen("-n NAMESPACE tries one without that right")
		return
	}
	r.Unseen(s.Deployment.Unseen) // where every namespace may be opted in
	r.Unseen("no namespace is opted in whose pods are sent, so that none can be tried: kubectl label namespace NAME holdfast.dev/enabled=true")
}

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
