package checks

import (
	"fmt"

	"github.com/holdfast-mesh/holdfast/doctor"
)

func reachability(s *doctor.Snapshot, r *doctor.Result) {
	r.Unseen(s.Namespaces.Unseen)
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
	if len(s.Probes) == 0 && r.NotChecked == nil {
		r.Unseen("no namespace is opted in, so that no pod can be tried: kubectl label namespace NAME holdfast.dev/enabled=true")
	}
}
