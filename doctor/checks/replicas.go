package checks

import (
	"fmt"
	"strings"

	"github.com/holdfast-mesh/holdfast/doctor"
)

func replicas(s *doctor.Snapshot, r *doctor.Result) {
	switch {
	case s.Deployment.Unseen != "":
		r.Unseen(s.Deployment.Unseen)
		return
	case s.Deployment.Value == nil:
		r.Add(doctor.DeploymentMissing, "Deployment "+s.Namespace+"/holdfast", "not there; if holdfast is in another namespace, name it with --holdfast-namespace", install)
		return
	case s.Replicas.Unseen != "":
		r.Unseen(s.Replicas.Unseen)
		return
	case len(s.Replicas.Value) == 0:
		r.Add(doctor.NoReplica, "Deployment "+s.Namespace+"/"+s.Deployment.Value.Name, "it has no pod",
			fmt.Sprintf("kubectl -n %s describe deployment,replicaset says why", s.Namespace))
		return
	}
	ready := 0
	for _, p := range s.Replicas.Value {
		if p.Ready {
			ready++
			continue
		}
		r.Add(doctor.ReplicaNotReady, "Pod "+s.Namespace+"/"+p.Name, notReady(&p),
			fmt.Sprintf("kubectl -n %s describe pod %s; kubectl -n %[1]s logs %[2]s", s.Namespace, p.Name))
	}
	r.Seen = fmt.Sprintf("%d of %s ready", ready, count(len(s.Replicas.Value), "replica"))
}

// notReady is why, as far as the pod itself says.
func notReady(p *doctor.Replica) string {
	if p.State != "" {
		return p.State
	}
	if p.Readyz.Unseen != "" {
		return "not ready; /readyz was not to be asked: " + p.Readyz.Unseen
	}
	var failed []string
	for line := range strings.Lines(p.Readyz.Value) {
		if text, ok := strings.CutPrefix(line, "[-] "); ok {
			failed = append(failed, strings.TrimSpace(text))
		}
	}
	if failed == nil {
		return "not ready yet; /readyz says ok by now"
	}
	return "/readyz: " + strings.Join(failed, "; ")
}
