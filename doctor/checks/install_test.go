package checks

import (
	"testing"

	admissionregistration "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/holdfast-mesh/holdfast/doctor"
	"github.com/holdfast-mesh/holdfast/rules"
)

// mutator is a configuration with one webhook of that name.
func mutator(configuration, webhook string) admissionregistration.MutatingWebhookConfiguration {
	ignore, timeout := admissionregistration.Ignore, int32(3)
	return admissionregistration.MutatingWebhookConfiguration{
		ObjectMeta: metav1.ObjectMeta{Name: configuration},
		Webhooks: []admissionregistration.MutatingWebhook{{
			Name: webhook, FailurePolicy: &ignore, TimeoutSeconds: &timeout,
			ClientConfig: admissionregistration.WebhookClientConfig{Service: &admissionregistration.ServiceReference{Namespace: "holdfast-system", Name: "holdfast"}},
			Rules: []admissionregistration.RuleWithOperations{{
				Operations: []admissionregistration.OperationType{admissionregistration.Create},
				Rule:       admissionregistration.Rule{APIGroups: []string{""}, Resources: []string{"pods"}},
			}},
			NamespaceSelector: &metav1.LabelSelector{MatchLabels: map[string]string{rules.EnabledKey: "true"}},
		}},
	}
}

// seenMutators is a snapshot with these configurations, and a Deployment with these
// arguments.
func seenMutators(args []string, list ...admissionregistration.MutatingWebhookConfiguration) *doctor.Snapshot {
	s := &doctor.Snapshot{Namespace: "holdfast-system"}
	s.Mutating.Value = list
	ignore := admissionregistration.Ignore
	timeout := int32(5)
	s.Validating.Value = []admissionregistration.ValidatingWebhookConfiguration{{
		ObjectMeta: metav1.ObjectMeta{Name: "holdfast"},
		Webhooks:   []admissionregistration.ValidatingWebhook{{Name: doctor.RulesWebhook, FailurePolicy: &ignore, TimeoutSeconds: &timeout}},
	}}
	s.Deployment.Value = &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Name: "holdfast"}}
	s.Deployment.Value.Spec.Template.Spec.Containers = []corev1.Container{{Args: append([]string{"webhook"}, args...)}}
	s.Services.Value = map[string]bool{"holdfast-system/holdfast": true}
	return s
}

const injectorName = "rev.namespace.sidecar-injector.istio.io"

// The API server sorts by bytes: capitals and digits go before "h", and a name goes
// before a longer one that begins with it.
func TestOrder(t *testing.T) {
	own := mutator("holdfast", doctor.PodsWebhook)
	with := func(names ...string) *doctor.Snapshot {
		list := []admissionregistration.MutatingWebhookConfiguration{own}
		for _, name := range names {
			list = append(list, mutator(name, injectorName))
		}
		return seenMutators(nil, list...)
	}
	both := mutator("holdfast", doctor.PodsWebhook)
	both.Webhooks = append(both.Webhooks, mutator("", injectorName).Webhooks...)
	table(t, doctor.Order, []judged{
		{name: "both in one configuration, in the order that it has", state: seenMutators(nil, both)},
		{name: "Istio's own names", state: with("istio-sidecar-injector", "istio-sidecar-injector-1-28", "istio-revision-tag-default"), says: "holdfast before istio-sidecar-injector, istio-sidecar-injector-1-28, istio-revision-tag-default"},
		{name: "one of two goes before", state: with("istio-sidecar-injector", "asm-injector"), codes: []doctor.Code{doctor.OrderWrong}, says: "Istio's asm-injector sorts before it"},
		{name: "a longer name goes after", state: with("holdfast-and-istio")},
		{name: "a shorter name goes before", state: with("hold"), codes: []doctor.Code{doctor.OrderWrong}},
		{name: "digits go before letters", state: with("0istio"), codes: []doctor.Code{doctor.OrderWrong}},
		{name: "no injector", state: with(), codes: []doctor.Code{doctor.NoInjector}},
		{name: "other webhooks are none", state: seenMutators(nil, own, mutator("a", "vault.example.com")), codes: []doctor.Code{doctor.NoInjector}},
		{name: "the injector of an old Istio", state: seenMutators(nil, own, mutator("a", "sidecar-injector.istio.io")), codes: []doctor.Code{doctor.OrderWrong}},
		{name: "an own configuration that is missing is a finding of its own", state: seenMutators(nil, mutator("istio", injectorName)), unseen: "see webhooks"},
		{name: "a second own one too", state: seenMutators(nil, own, mutator("zz", doctor.PodsWebhook), mutator("istio", injectorName)), codes: []doctor.Code{doctor.OrderWrong}, says: "MutatingWebhookConfiguration zz"},
	})
}

func TestWebhooks(t *testing.T) {
	changed := func(args []string, change func(*doctor.Snapshot, *admissionregistration.MutatingWebhook)) *doctor.Snapshot {
		s := seenMutators(args, mutator("holdfast", doctor.PodsWebhook))
		if change != nil {
			change(s, &s.Mutating.Value[0].Webhooks[0])
		}
		return s
	}
	type webhook = admissionregistration.MutatingWebhook
	table(t, doctor.Webhooks, []judged{
		{name: "as shipped", state: changed(nil, nil), says: "holdfast, for opted-in namespaces"},
		{name: "no failurePolicy is Fail", state: changed(nil, func(_ *doctor.Snapshot, w *webhook) { w.FailurePolicy = nil }), codes: []doctor.Code{doctor.FailurePolicyChanged}, says: "failurePolicy Fail, want Ignore"},
		{name: "no timeout is 10 s", state: changed(nil, func(_ *doctor.Snapshot, w *webhook) { w.TimeoutSeconds = nil }), codes: []doctor.Code{doctor.TimeoutLong}, says: "timeoutSeconds 10"},
		{name: "5 s is the longest", state: changed(nil, func(_ *doctor.Snapshot, w *webhook) { w.TimeoutSeconds = new(int32(5)) })},
		{name: "6 s is too long", state: changed(nil, func(_ *doctor.Snapshot, w *webhook) { w.TimeoutSeconds = new(int32(6)) }), codes: []doctor.Code{doctor.TimeoutLong}},
		{name: "the validating one waits too", state: changed(nil, func(s *doctor.Snapshot, _ *webhook) { s.Validating.Value[0].Webhooks[0].TimeoutSeconds = nil }), codes: []doctor.Code{doctor.TimeoutLong}, says: "kubectl patch validatingwebhookconfiguration holdfast"},
		{name: "everything is pods too", state: changed(nil, func(_ *doctor.Snapshot, w *webhook) {
			w.Rules[0].Operations = []admissionregistration.OperationType{admissionregistration.OperationAll}
			w.Rules[0].APIGroups, w.Rules[0].Resources = []string{"*"}, []string{"*"}
		})},
		{name: "status is no pod", state: changed(nil, func(_ *doctor.Snapshot, w *webhook) { w.Rules[0].Resources = []string{"pods/status"} }), codes: []doctor.Code{doctor.PodsNotSent}},
		{name: "no Service", state: changed(nil, func(s *doctor.Snapshot, _ *webhook) { s.Services.Value["holdfast-system/holdfast"] = false }), codes: []doctor.Code{doctor.ServiceMissing}, says: "there is no Service holdfast-system/holdfast"},
		{name: "a Service that may not be read", state: changed(nil, func(s *doctor.Snapshot, _ *webhook) { s.Services.Unseen = "forbidden to get services" }), unseen: "forbidden to get services"},
		{name: "cluster-wide on both sides", state: changed([]string{"--cluster-wide=true"}, func(_ *doctor.Snapshot, w *webhook) { w.NamespaceSelector = nil }), says: "every namespace"},
		{name: "switched off by value", state: changed([]string{"--cluster-wide=false"}, nil)},
		{name: "the later flag wins", state: changed([]string{"--cluster-wide", "--cluster-wide=false"}, nil)},
		{name: "the flag alone", state: changed([]string{"--cluster-wide"}, nil), codes: []doctor.Code{doctor.OptInMismatch}, says: "take the expression"},
		{name: "the selector alone", state: changed(nil, func(_ *doctor.Snapshot, w *webhook) { w.NamespaceSelector = nil }), codes: []doctor.Code{doctor.OptInMismatch}, says: "add --cluster-wide"},
		{name: "a selector that asks for something else", state: changed(nil, func(_ *doctor.Snapshot, w *webhook) { w.NamespaceSelector.MatchLabels["team"] = "a" }), codes: []doctor.Code{doctor.OptInMismatch}, says: "leave out namespaces with"},
		{name: "a Deployment that may not be read", state: changed(nil, func(s *doctor.Snapshot, _ *webhook) {
			s.Deployment = doctor.Seen[*appsv1.Deployment]{Unseen: "forbidden to get deployments.apps"}
		}), unseen: "forbidden to get deployments.apps"},
	})
}

func TestReplicas(t *testing.T) {
	with := func(replicas ...doctor.Replica) *doctor.Snapshot {
		s := seenMutators(nil)
		s.Replicas.Value = replicas
		return s
	}
	table(t, doctor.Replicas, []judged{
		{name: "ready", state: with(doctor.Replica{Name: "a", Ready: true}, doctor.Replica{Name: "b", Ready: true}), says: "2 of 2 replicas ready"},
		{
			name: "what /readyz says", state: with(doctor.Replica{Name: "a", Readyz: doctor.Seen[string]{Value: "[+] rules ok\n[-] certificate failed: none loaded\n[-] watch of x failed: y\n"}}),
			codes: []doctor.Code{doctor.ReplicaNotReady}, says: "/readyz: certificate failed: none loaded; watch of x failed: y",
		},
		{name: "ready by now", state: with(doctor.Replica{Name: "a", Readyz: doctor.Seen[string]{Value: "[+] rules ok\n"}}), codes: []doctor.Code{doctor.ReplicaNotReady}, says: "says ok by now"},
		{name: "not even running", state: with(doctor.Replica{Name: "a", State: "ImagePullBackOff: no such image"}), codes: []doctor.Code{doctor.ReplicaNotReady}, says: "ImagePullBackOff: no such image"},
		{name: "not to be asked", state: with(doctor.Replica{Name: "a", Readyz: doctor.Seen[string]{Unseen: "forbidden"}}), codes: []doctor.Code{doctor.ReplicaNotReady}, says: "was not to be asked: forbidden"},
	})
}

func TestRulesInForce(t *testing.T) {
	read := doctor.ReadRules("ConfigMap a/b", "{apiVersion: holdfast.dev/v1alpha1, kind: Rules, rules: []}")
	with := func(m *doctor.RulesMap, hashes ...string) *doctor.Snapshot {
		s := seenMutators(nil)
		s.Rules.Value = m
		for _, hash := range hashes {
			s.Replicas.Value = append(s.Replicas.Value, doctor.Replica{Name: "pod-" + hash, Hash: doctor.Seen[string]{Value: hash}})
		}
		return s
	}
	asleep := with(read, read.Hash)
	asleep.Replicas.Value[0] = doctor.Replica{State: "ContainerCreating"}
	mute := with(read)
	mute.Replicas.Value = []doctor.Replica{{Name: "a", Hash: doctor.Seen[string]{Unseen: "port 8080: refused"}}}
	table(t, doctor.Rules, []judged{
		{name: "the same everywhere", state: with(read, read.Hash, read.Hash), says: "0 rules, mode Enforce, hash " + read.Hash},
		{name: "older ones on one", state: with(read, read.Hash, "0123"), codes: []doctor.Code{doctor.RulesDiffer}, says: "Pod holdfast-system/pod-0123"},
		{name: "none on one", state: with(read, ""), codes: []doctor.Code{doctor.RulesNotThere}},
		{name: "no ConfigMap", state: with(nil, "0123"), codes: []doctor.Code{doctor.RulesMissing}},
		{name: "no key", state: with(&doctor.RulesMap{Source: "ConfigMap a/b", Missing: "it has no key rules.yaml"}), codes: []doctor.Code{doctor.RulesMissing}, says: "it has no key rules.yaml"},
		{name: "errors; the replicas keep what they had", state: with(doctor.ReadRules("ConfigMap a/b", "{apiVersion: holdfast.dev/v1alpha1, kind: Rules,\nrules: 1}"), "0123"), codes: []doctor.Code{doctor.RulesInvalid}, says: "line 2, column 8: WrongType"},
		{name: "a pod that does not run has none, which is no news", state: asleep},
		{name: "metrics that nobody serves", state: mute, unseen: "port 8080: refused"},
	})
}
