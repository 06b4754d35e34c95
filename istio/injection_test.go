package istio

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

func TestWillInject(t *testing.T) {
	type labels = map[string]string
	for _, test := range []struct {
		name       string
		facts      InjectionFacts
		want       Injection
		wantDetail string
	}{
		// Nothing asks: it depends on how Istio was installed.
		{
			"no labels",
			InjectionFacts{NamespaceLabelsKnown: true},
			InjectionUnlabelled, "no label of namespace or pod asks for a sidecar",
		},
		{
			"namespace enabled",
			InjectionFacts{NamespaceLabelsKnown: true, NamespaceLabels: labels{InjectionLabel: "enabled"}},
			InjectionSidecar, "namespace label istio-injection is enabled",
		},
		{
			"namespace revision",
			InjectionFacts{NamespaceLabelsKnown: true, NamespaceLabels: labels{RevisionLabel: "canary"}},
			InjectionSidecar, "namespace label istio.io/rev is canary",
		},
		// "disabled" beats everything, the pod's wish included.
		{
			"namespace disabled",
			InjectionFacts{
				NamespaceLabelsKnown: true,
				NamespaceLabels:      labels{InjectionLabel: "disabled", RevisionLabel: "canary"},
				PodLabels:            labels{InjectKey: "true", RevisionLabel: "canary"},
			},
			InjectionNone, "namespace label istio-injection is disabled",
		},
		{
			"pod asks",
			InjectionFacts{NamespaceLabelsKnown: true, PodLabels: labels{InjectKey: "true"}},
			InjectionSidecar, "pod label sidecar.istio.io/inject is true",
		},
		// Webhook selectors see labels only, so the annotation cannot ask.
		{
			"pod asks by annotation",
			InjectionFacts{NamespaceLabelsKnown: true, PodAnnotations: labels{InjectKey: "true"}},
			InjectionUnlabelled, "no label",
		},
		{
			"pod refuses",
			InjectionFacts{
				NamespaceLabelsKnown: true, NamespaceLabels: labels{InjectionLabel: "enabled"},
				PodLabels: labels{InjectKey: "false"},
			},
			InjectionNone, "pod label sidecar.istio.io/inject is false",
		},
		{
			"pod refuses by annotation",
			InjectionFacts{
				NamespaceLabelsKnown: true, NamespaceLabels: labels{InjectionLabel: "enabled"},
				PodAnnotations: labels{InjectKey: "false"},
			},
			InjectionNone, "pod annotation sidecar.istio.io/inject is false",
		},
		// The label is the newer form and wins, also with a value nobody knows.
		{
			"label over annotation",
			InjectionFacts{
				NamespaceLabelsKnown: true, NamespaceLabels: labels{InjectionLabel: "enabled"},
				PodLabels: labels{InjectKey: "yes"}, PodAnnotations: labels{InjectKey: "false"},
			},
			InjectionSidecar, "namespace label istio-injection is enabled",
		},
		{
			"host network",
			InjectionFacts{NamespaceLabelsKnown: true, NamespaceLabels: labels{InjectionLabel: "enabled"}, HostNetwork: true},
			InjectionNone, "pod uses the host's network",
		},
		{
			"system namespace",
			InjectionFacts{Namespace: "kube-system", NamespaceLabelsKnown: true, NamespaceLabels: labels{InjectionLabel: "enabled"}},
			InjectionNone, "Istio never injects into namespace kube-system",
		},
		{
			"gateway",
			InjectionFacts{
				NamespaceLabelsKnown: true, NamespaceLabels: labels{InjectionLabel: "enabled"},
				PodAnnotations: labels{TemplatesAnnotation: "gateway"},
			},
			InjectionNone, `annotation inject.istio.io/templates is "gateway": these capture no traffic`,
		},
		// An installation's own template is mostly an overlay of the sidecar.
		{
			"own template",
			InjectionFacts{
				NamespaceLabelsKnown: true, NamespaceLabels: labels{InjectionLabel: "enabled"},
				PodAnnotations: labels{TemplatesAnnotation: "sidecar, limits"},
			},
			InjectionSidecar, "namespace label",
		},
		{
			"ambient namespace",
			InjectionFacts{NamespaceLabelsKnown: true, NamespaceLabels: labels{DataplaneModeLabel: "ambient"}},
			InjectionNone, "namespace label istio.io/dataplane-mode is ambient: ztunnel reads no annotation of a pod; a waypoint does, and label istio.io/dataplane-mode: none takes the pod out",
		},
		// A pod that asks for a sidecar gets one, and ambient leaves it alone.
		{
			"sidecar in an ambient namespace",
			InjectionFacts{
				NamespaceLabelsKnown: true,
				NamespaceLabels:      labels{DataplaneModeLabel: "ambient", InjectionLabel: "enabled"},
			},
			InjectionSidecar, "namespace label istio-injection is enabled",
		},
		{
			"not ambient, by the pod",
			InjectionFacts{
				NamespaceLabelsKnown: true, NamespaceLabels: labels{DataplaneModeLabel: "ambient"},
				PodLabels: labels{DataplaneModeLabel: "none"},
			},
			InjectionUnlabelled, "no label",
		},
		{
			"captured by ambient",
			InjectionFacts{PodAnnotations: labels{ambientRedirectionAnnotation: "enabled"}},
			InjectionNone, "annotation ambient.istio.io/redirection is enabled",
		},
		// Unknown namespace labels never say no.
		{
			"unknown namespace",
			InjectionFacts{NamespaceLabels: labels{InjectionLabel: "disabled", DataplaneModeLabel: "ambient"}},
			InjectionUnlabelled, "namespace labels are unknown",
		},
		// In a namespace that says "enabled" this pod is injected.
		{
			"unknown namespace, odd pod label",
			InjectionFacts{PodLabels: labels{InjectKey: "yes"}},
			InjectionUnlabelled, "namespace labels are unknown",
		},
		{
			"unknown namespace, pod refuses",
			InjectionFacts{PodLabels: labels{InjectKey: "false"}},
			InjectionNone, "pod label",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, detail := WillInject(test.facts)
			if got != test.want || !strings.Contains(detail, test.wantDetail) {
				t.Errorf("got %v, %q, want %v, %q", got, detail, test.want, test.wantDetail)
			}
		})
	}
}

// selector is a webhook's selector as the chart writes it.
type selector []struct {
	key, operator string
	values        []string
}

func (s selector) matches(labels map[string]string) bool {
	for _, want := range s {
		value, ok := labels[want.key]
		in := ok && slices.Contains(want.values, value)
		if want.operator == "In" && !in || want.operator == "NotIn" && in ||
			want.operator == "Exists" && !ok || want.operator == "DoesNotExist" && ok {
			return false
		}
	}
	return true
}

type webhook struct {
	revision       string
	namespace, pod selector
}

func (w webhook) reached(f InjectionFacts) bool {
	return w.namespace.matches(f.NamespaceLabels) && w.pod.matches(f.PodLabels)
}

// webhooks is the selectors of one installation of Istio's chart with its
// default revision and one named canary; auto adds enableNamespacesByDefault.
func webhooks(auto bool) []webhook {
	var all []webhook
	notFalse := selector{{InjectKey, "NotIn", []string{"false"}}}
	neither := selector{{InjectionLabel, "DoesNotExist", nil}, {RevisionLabel, "DoesNotExist", nil}}
	for _, revision := range []string{"default", "canary"} {
		inRevision := selector{{RevisionLabel, "In", []string{revision}}}
		all = append(all,
			webhook{revision, append(selector{{InjectionLabel, "DoesNotExist", nil}}, inRevision...), notFalse},
			webhook{revision, neither, append(slices.Clone(notFalse), inRevision...)})
	}
	all = append(all,
		webhook{"default", selector{{InjectionLabel, "In", []string{"enabled"}}}, notFalse},
		webhook{"default", neither, selector{{InjectKey, "In", []string{"true"}}, {RevisionLabel, "DoesNotExist", nil}}})
	if auto {
		all = append(all, webhook{
			"default",
			neither,
			selector{{InjectKey, "DoesNotExist", nil}, {RevisionLabel, "DoesNotExist", nil}},
		})
	}
	return all
}

// injects is the injector's own order of questions, with the policy "enabled".
func injects(f InjectionFacts, auto bool) bool {
	reached := slices.ContainsFunc(webhooks(auto), func(w webhook) bool { return w.reached(f) })
	wish := f.PodAnnotations[InjectKey]
	if label, ok := f.PodLabels[InjectKey]; ok {
		wish = label
	}
	system := []string{"kube-system", "kube-public", "kube-node-lease", "local-path-storage"}
	if !reached || f.HostNetwork || slices.Contains(system, f.Namespace) || wish == "false" {
		return false
	}
	templates, ok := f.PodAnnotations[TemplatesAnnotation]
	return !ok || strings.Contains(templates, "sidecar")
}

// Every combination of what the injector looks at gets the injector's answer,
// from an installation that injects by default and from one that does not.
func TestWillInjectAgreesWithTheInjector(t *testing.T) {
	const absent = "-"
	with := func(pairs ...string) map[string]string {
		m := map[string]string{}
		for i := 0; i < len(pairs); i += 2 {
			if pairs[i+1] != absent {
				m[pairs[i]] = pairs[i+1]
			}
		}
		return m
	}
	revisions := []string{absent, "default", "canary", ""}
	combinations, unlabelled := 0, 0
	for _, namespace := range []string{"shop", "kube-system", "local-path-storage"} {
		for _, nsInjection := range []string{absent, "enabled", "disabled", "true", ""} {
			for _, nsRevision := range revisions {
				for _, nsMode := range []string{absent, "ambient", "none"} {
					for _, podInject := range []string{absent, "true", "false", "yes", ""} {
						for _, podRevision := range revisions {
							for _, annotation := range []string{absent, "true", "false", "no", ""} {
								for _, templates := range []string{absent, "sidecar", "gateway", "grpc-agent", "grpc-simple,gateway", "sidecar,gateway"} {
									for _, status := range []string{absent, "{}"} {
										for _, host := range []bool{false, true} {
											combinations++
											f := InjectionFacts{
												Namespace:            namespace,
												NamespaceLabelsKnown: true,
												NamespaceLabels:      with(InjectionLabel, nsInjection, RevisionLabel, nsRevision, DataplaneModeLabel, nsMode),
												PodLabels:            with(InjectKey, podInject, RevisionLabel, podRevision),
												PodAnnotations:       with(InjectKey, annotation, TemplatesAnnotation, templates, StatusAnnotation, status),
												HostNetwork:          host,
											}
											if !agrees(t, f) {
												return
											}
											if v, _ := WillInject(f); v == InjectionUnlabelled {
												unlabelled++
											}
										}
									}
								}
							}
						}
					}
				}
			}
		}
	}
	if unlabelled == 0 {
		t.Errorf("none of %d combinations is unlabelled", combinations)
	}
}

// Namespace before pod, and istio-injection before both.
func TestRevision(t *testing.T) {
	for _, test := range []struct {
		name           string
		namespace, pod map[string]string
		want           string
	}{
		{"no label", nil, nil, "default"},
		{"pod", nil, map[string]string{"istio.io/rev": "a"}, "a"},
		{"namespace", map[string]string{"istio.io/rev": "b"}, nil, "b"},
		{"namespace wins", map[string]string{"istio.io/rev": "b"}, map[string]string{"istio.io/rev": "a"}, "b"},
		{"istio-injection wins", map[string]string{"istio.io/rev": "b", "istio-injection": "enabled"}, map[string]string{"istio.io/rev": "a"}, "default"},
	} {
		if got := Revision(test.namespace, test.pod); got != test.want {
			t.Errorf("%s: got %q, want %q", test.name, got, test.want)
		}
	}
}

// The revision is that of the webhook which a pod reaches.
func TestRevisionAgreesWithTheSelectors(t *testing.T) {
	labels := func(key string) []map[string]string {
		var all []map[string]string
		for _, revision := range []string{"-", "default", "canary", ""} {
			for _, value := range []string{"-", "enabled", "true", "disabled", ""} {
				set := map[string]string{RevisionLabel: revision, key: value}
				maps.DeleteFunc(set, func(_, v string) bool { return v == "-" })
				all = append(all, set)
			}
		}
		return all
	}
	reached := 0
	for _, namespace := range labels(InjectionLabel) {
		for _, pod := range labels(InjectKey) {
			for _, w := range webhooks(true) {
				if !w.reached(InjectionFacts{NamespaceLabels: namespace, PodLabels: pod}) {
					continue
				}
				reached++
				if got := Revision(namespace, pod); got != w.revision {
					t.Errorf("namespace %v, pod %v: got %q, want %q", namespace, pod, got, w.revision)
				}
			}
		}
	}
	if reached == 0 {
		t.Error("got no pod that reaches a webhook")
	}
}

func agrees(t *testing.T, f InjectionFacts) bool {
	t.Helper()
	got, detail := WillInject(f)
	want := InjectionNone
	switch byDefault, plain := injects(f, true), injects(f, false); {
	case plain:
		want = InjectionSidecar
	// An ambient namespace without a word about sidecars is ambient's.
	case byDefault && f.NamespaceLabels[DataplaneModeLabel] != "ambient":
		want = InjectionUnlabelled
	}
	if got != want || detail == "" {
		t.Errorf("%s: got %v (%s), want %v", fmt.Sprintf("%+v", f), got, detail, want)
		return false
	}
	f.NamespaceLabelsKnown = false
	unknown, _ := WillInject(f)
	f.NamespaceLabelsKnown, f.NamespaceLabels = true, map[string]string{InjectionLabel: "enabled"}
	if enabled, _ := WillInject(f); unknown == InjectionNone && enabled != InjectionNone {
		t.Errorf("%+v: got None with unknown namespace labels", f)
		return false
	}
	return true
}
