package checks

import (
	"fmt"
	"slices"

	admissionregistration "k8s.io/api/admissionregistration/v1"

	"github.com/holdfast-mesh/holdfast/doctor"
	"github.com/holdfast-mesh/holdfast/rules"
)

// patience is how long creating a pod may take while holdfast is away, in seconds:
// what is shipped for the slower of the two webhooks.
const patience = 5

func webhooks(s *doctor.Snapshot, r *doctor.Result) {
	r.Unseen(s.Mutating.Unseen)
	r.Unseen(s.Validating.Unseen)
	if s.Mutating.Unseen == "" {
		mutating(s, r)
	}
	if s.Validating.Unseen == "" {
		validating(s, r)
	}
}

func mutating(s *doctor.Snapshot, r *doctor.Result) {
	own := s.Own()
	if len(own) == 0 {
		r.Add(doctor.MutatingMissing, "MutatingWebhookConfiguration holdfast", "not there", install)
		return
	}
	if len(own) > 1 {
		var names []string
		for _, m := range own {
			names = append(names, m.Configuration)
		}
		r.Add(doctor.MutatingTwice, "", "they are "+listed(names), "keep the one named holdfast: kubectl delete mutatingwebhookconfiguration NAME")
	}
	for i := range own {
		m := &own[i]
		object := "MutatingWebhookConfiguration " + m.Configuration
		common(s, r, object, webhook{m.Configuration, m.Index, "mutatingwebhookconfiguration", m.FailurePolicy, m.TimeoutSeconds, &m.ClientConfig})
		if !slices.ContainsFunc(m.Rules, createsPods) {
			r.Add(doctor.PodsNotSent, object, "no rule has operation CREATE of pods", install)
		}
		optIn(s, r, m, object)
	}
	r.Seen = object(own[0].Configuration, s)
}

func object(name string, s *doctor.Snapshot) string {
	if s.ClusterWide() {
		return name + ", for every namespace that is not opted out"
	}
	return name + ", for opted-in namespaces"
}

func createsPods(r admissionregistration.RuleWithOperations) bool {
	has := func(list []string, one string) bool { return slices.Contains(list, one) || slices.Contains(list, "*") }
	creates := slices.Contains(r.Operations, admissionregistration.Create) || slices.Contains(r.Operations, admissionregistration.OperationAll)
	return creates && has(r.APIGroups, "") && has(r.Resources, "pods")
}

// optIn holds the flag --cluster-wide against the selector. A namespace without labels
// of ours tells them apart.
func optIn(s *doctor.Snapshot, r *doctor.Result, m *doctor.Mutator, object string) {
	if !hasDeployment(s, r) {
		return
	}
	some := map[string]string{rules.NamespaceNameLabel: "some"}
	labelled := map[string]string{rules.NamespaceNameLabel: "some", rules.EnabledKey: "true"}
	switch sent, wide := m.Sends(some, nil), s.ClusterWide(); {
	case !m.Sends(labelled, nil):
		r.Add(doctor.OptInMismatch, object, fmt.Sprintf("its selectors leave out namespaces with %s=true", rules.EnabledKey), install)
	case wide && !sent:
		r.Add(doctor.OptInMismatch, object, "the Deployment has --cluster-wide, and the namespaceSelector asks for "+rules.EnabledKey+"=true",
			"take the expression with operator In out of the namespaceSelector, or --cluster-wide out of the Deployment's arguments (chart: clusterWide)")
	case !wide && sent:
		r.Add(doctor.OptInMismatch, object, "the namespaceSelector sends every namespace, and the Deployment lacks --cluster-wide",
			"add --cluster-wide to the Deployment's arguments, or the label to the namespaceSelector (chart: clusterWide)")
	}
}

func validating(s *doctor.Snapshot, r *doctor.Result) {
	found := false
	for i := range s.Validating.Value {
		configuration := &s.Validating.Value[i]
		for j := range configuration.Webhooks {
			v := &configuration.Webhooks[j]
			if v.Name != doctor.RulesWebhook {
				continue
			}
			found = true
			common(s, r, "ValidatingWebhookConfiguration "+configuration.Name,
				webhook{configuration.Name, j, "validatingwebhookconfiguration", v.FailurePolicy, v.TimeoutSeconds, &v.ClientConfig})
		}
	}
	if !found {
		r.Add(doctor.ValidatingMissing, "ValidatingWebhookConfiguration holdfast", "not there", install)
	}
}

// webhook is what both kinds have in common.
type webhook struct {
	configuration string
	index         int
	kind          string
	policy        *admissionregistration.FailurePolicyType
	timeout       *int32
	client        *admissionregistration.WebhookClientConfig
}

// patch is a command that changes one of its fields.
func (w *webhook) patch(field, value string) string {
	return fmt.Sprintf(`kubectl patch %s %s --type=json -p '[{"op":"add","path":"/webhooks/%d/%s","value":%s}]'`, w.kind, w.configuration, w.index, field, value)
}

func common(s *doctor.Snapshot, r *doctor.Result, object string, w webhook) {
	if w.policy == nil || *w.policy != admissionregistration.Ignore {
		got := admissionregistration.Fail // the API server's default
		if w.policy != nil {
			got = *w.policy
		}
		r.Add(doctor.FailurePolicyChanged, object, fmt.Sprintf("failurePolicy %s, want Ignore", got), w.patch("failurePolicy", `"Ignore"`))
	}
	timeout := int32(10) // the API server's default
	if w.timeout != nil {
		timeout = *w.timeout
	}
	if timeout > patience {
		r.Add(doctor.TimeoutLong, object, fmt.Sprintf("timeoutSeconds %d, want at most %d", timeout, patience), w.patch("timeoutSeconds", fmt.Sprint(patience)))
	}
	if w.client.Service == nil {
		return
	}
	name := w.client.Service.Namespace + "/" + w.client.Service.Name
	switch there, asked := s.Services.Value[name]; {
	case s.Services.Unseen != "":
		r.Unseen(s.Services.Unseen)
	case asked && !there:
		r.Add(doctor.ServiceMissing, object, "there is no Service "+name, install)
	}
}
