// Package checks judges a snapshot of a cluster: one file for each check, from what
// was seen to findings. Nothing here asks the cluster anything.
package checks

import (
	"fmt"
	"slices"
	"strings"

	"github.com/holdfast-mesh/holdfast/doctor"
)

// run judges a snapshot.
var run = map[doctor.Name]func(*doctor.Snapshot, *doctor.Result){
	doctor.Webhooks:     webhooks,
	doctor.Order:        order,
	doctor.Replicas:     replicas,
	doctor.Certificates: certificates,
	doctor.CertManager:  certManager,
	doctor.Rules:        rulesInForce,
	doctor.Reachability: reachability,
	doctor.Policies:     policies,
	doctor.Namespaces:   namespaces,
	doctor.Istio:        versions,
	doctor.MeshObjects:  meshObjects,
	doctor.Overrides:    overrides,
	doctor.Gateways:     gateways,
}

// Run makes the named checks, in the order of a report.
func Run(s *doctor.Snapshot, names []doctor.Name) (results []doctor.Result) {
	for _, name := range doctor.Names() {
		if !slices.Contains(names, name) {
			continue
		}
		r := doctor.Result{Check: name}
		run[name](s, &r)
		r.Close()
		results = append(results, r)
	}
	return results
}

// count is "1 replica", "2 replicas".
func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// listed names the first few of a list.
func listed(names []string) string {
	const shown = 5
	if len(names) <= shown {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:shown], ", "), len(names)-shown)
}

// hasDeployment reports whether the Deployment was seen, and says so if not: its
// arguments tell where certificates and rules come from.
func hasDeployment(s *doctor.Snapshot, r *doctor.Result) bool {
	r.Unseen(s.Deployment.Unseen)
	if s.Deployment.Unseen == "" && s.Deployment.Value == nil {
		r.Unseen("the Deployment is missing: see " + string(doctor.Replicas))
	}
	return s.Deployment.Value != nil
}

// install is what puts the shipped objects back.
const install = "install holdfast again as you did before (helm upgrade, or kubectl apply of its manifest)"
