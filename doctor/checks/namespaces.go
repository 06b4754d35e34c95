package checks

import (
	"fmt"
	"slices"

	"github.com/holdfast-mesh/holdfast/doctor"
	"github.com/holdfast-mesh/holdfast/istio"
	"github.com/holdfast-mesh/holdfast/rules"
)

func namespaces(s *doctor.Snapshot, r *doctor.Result) {
	if s.Namespaces.Unseen != "" {
		r.Unseen(s.Namespaces.Unseen)
		return
	}
	r.Unseen(s.Mutating.Unseen)
	opted := 0
	for _, n := range s.Namespaces.Value {
		object := "Namespace " + n.Name
		switch enabled, given := n.Labels[rules.EnabledKey]; {
		case given && enabled != "true" && enabled != "false":
			r.Add(doctor.OptInUnknown, object, fmt.Sprintf("%s=%q", rules.EnabledKey, enabled),
				fmt.Sprintf("kubectl label namespace %s %s=true --overwrite", n.Name, rules.EnabledKey))
			continue
		case enabled != "true":
			continue
		}
		opted++
		if s.Mutating.Unseen != "" {
			continue
		}
		if len(s.Own()) > 0 && !s.Sends(n.Labels) {
			r.Add(doctor.OptInWithoutEffect, object, "the webhook configuration leaves this namespace out",
				fmt.Sprintf("move the workloads to another namespace, or take the label away: kubectl label namespace %s %s-", n.Name, rules.EnabledKey))
			continue
		}
		injection(s, r, &n, object)
	}
	r.Seen = fmt.Sprintf("%s opted in by label", count(opted, "namespace"))
	if s.ClusterWide() {
		r.Seen += "; --cluster-wide: all others that are not opted out count too, and were not looked at one by one"
	}
}

// injection says where nobody adds a sidecar.
func injection(s *doctor.Snapshot, r *doctor.Result, n *doctor.Namespace, object string) {
	if len(s.Injectors()) == 0 || s.Injects(n.Labels, nil) || isGateway(s, n.Name) {
		return // none at all is a finding of its own
	}
	sidecars := s.HasSidecars[n.Name]
	switch revision, byRevision := n.Labels[istio.RevisionLabel]; {
	case sidecars.Unseen != "":
		r.Unseen(sidecars.Unseen)
	case byRevision && n.Labels[istio.InjectionLabel] == "" && !s.Injects(n.Labels, doctor.Asks):
		r.Add(doctor.RevisionUnknown, object, fmt.Sprintf("%s=%s, and there is no injector of that revision or tag", istio.RevisionLabel, revision),
			fmt.Sprintf("kubectl get mutatingwebhookconfigurations -L istio.io/rev,istio.io/tag shows those that are there; then kubectl label namespace %s %s=ONE --overwrite", n.Name, istio.RevisionLabel))
	case sidecars.Value: // pods ask one by one
	case n.Labels[istio.DataplaneModeLabel] == "ambient":
		r.Add(doctor.NoInjection, object, "it is in ambient mode, where pods have no sidecar and no annotation changes how long connections live",
			fmt.Sprintf("take the label away: kubectl label namespace %s %s-; or leave ambient mode", n.Name, rules.EnabledKey))
	default:
		r.Add(doctor.NoInjection, object, "no label of it asks an injector for sidecars, and no running pod has one",
			fmt.Sprintf("kubectl label namespace %s %s=enabled (or %s=REVISION), then restart its workloads", n.Name, istio.InjectionLabel, istio.RevisionLabel))
	}
}

// isGateway reports whether the rules have gateways in a namespace: their pods ask for
// injection one by one, or are proxies of their own.
func isGateway(s *doctor.Snapshot, namespace string) bool {
	return s.Rules.Value != nil && s.Rules.Value.File != nil &&
		slices.ContainsFunc(s.Rules.Value.File.Gateways, func(g rules.Gateway) bool { return g.Namespace == namespace })
}
