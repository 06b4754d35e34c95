package checks

import (
	"fmt"
	"slices"

	"github.com/holdfast-mesh/holdfast/doctor"
)

// order compares names of configurations as the API server does: byte by byte.
// Source: https://github.com/kubernetes/kubernetes/blob/v1.36.3/staging/src/k8s.io/apiserver/pkg/admission/configuration/mutating_webhook_manager.go (sort by name)
func order(s *doctor.Snapshot, r *doctor.Result) {
	if s.Mutating.Unseen != "" {
		r.Unseen(s.Mutating.Unseen)
		return
	}
	var names []string
	for _, injector := range s.Injectors() {
		if !slices.Contains(names, injector.Configuration) {
			names = append(names, injector.Configuration)
		}
	}
	if len(names) == 0 {
		r.Add(doctor.NoInjector, "", "no MutatingWebhookConfiguration has a webhook *.sidecar-injector.istio.io",
			"install Istio, or look why its injector is gone: kubectl get mutatingwebhookconfigurations -l app=sidecar-injector")
		return
	}
	own := s.Own()
	if len(own) == 0 {
		r.Unseen("holdfast's own configuration is missing: see " + string(doctor.Webhooks))
		return
	}
	for _, o := range own {
		for _, name := range names {
			if name < o.Configuration {
				r.Add(doctor.OrderWrong, "MutatingWebhookConfiguration "+o.Configuration,
					fmt.Sprintf("Istio's %s sorts before it", name),
					fmt.Sprintf("give holdfast's configuration its own name again, holdfast, without a prefix of tools; or rename %s so that it begins with istio-", name))
			}
		}
	}
	r.Seen = fmt.Sprintf("%s before %s", own[0].Configuration, listed(names))
}
