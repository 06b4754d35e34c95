package istio

import (
	"cmp"
	"fmt"
	"strings"
)

// InjectionFacts is what decides whether Istio's injector adds a sidecar.
type InjectionFacts struct {
	Namespace            string
	NamespaceLabels      map[string]string
	NamespaceLabelsKnown bool // false: decide from the pod alone
	PodLabels            map[string]string
	PodAnnotations       map[string]string
	HostNetwork          bool
}

// Injection is what the injector will do to a pod.
type Injection int

const (
	// InjectionUnlabelled: no label asks for a sidecar and none forbids it. An
	// injector installed with enableNamespacesByDefault adds one, others do not.
	InjectionUnlabelled Injection = iota
	// InjectionSidecar: a label asks for a sidecar and nothing forbids it.
	InjectionSidecar
	// InjectionNone: no injector will add a traffic-capturing sidecar.
	InjectionNone
)

// String is "Unlabelled", "Sidecar" or "None".
func (i Injection) String() string {
	switch i {
	case InjectionUnlabelled:
		return "Unlabelled"
	case InjectionSidecar:
		return "Sidecar"
	case InjectionNone:
		return "None"
	}
	return fmt.Sprintf("Injection(%d)", int(i))
}

// WillInject decides as Istio's default webhook selectors and its injector do.
// detail says in a few words what decided, for example "pod label
// sidecar.istio.io/inject is false". With unknown namespace labels the verdict
// is never InjectionNone because of a namespace label.
//
// Every revision that a label names counts as installed, and so does a default
// one. A StatusAnnotation changes nothing: the injector injects again.
//
// The order is the injector's: what rules a sidecar out whatever the labels
// say, then which webhook the pod reaches, if any.
func WillInject(f InjectionFacts) (verdict Injection, detail string) {
	if detail := ruledOut(f); detail != "" {
		return InjectionNone, detail
	}
	verdict, detail = selected(f)
	if verdict == InjectionUnlabelled {
		if ambient := inAmbient(f); ambient != "" {
			return InjectionNone, ambient + ambientInstead
		}
	}
	return verdict, detail
}

// ruledOut names what keeps a sidecar away from a pod that reaches the
// injector, or is "".
//
// Source: injectRequired and selectTemplates in
// https://github.com/istio/istio/blob/eed52ebb66ad/pkg/kube/inject/inject.go
func ruledOut(f InjectionFacts) string {
	if detail := leftOut(f); detail != "" {
		return detail
	}
	if names, ok := f.PodAnnotations[TemplatesAnnotation]; ok && !anyCaptures(names) {
		return fmt.Sprintf("annotation %s is %q: these capture no traffic", TemplatesAnnotation, names)
	}
	return ""
}

// leftOut names what keeps every template of the injector away from a pod, or is "".
func leftOut(f InjectionFacts) string {
	if f.HostNetwork {
		return "pod uses the host's network"
	}
	if NeverInjected(f.Namespace) {
		return "Istio never injects into namespace " + f.Namespace
	}
	// The label is the newer form: where it stands, the annotation is not read.
	if inject, ok := f.PodLabels[InjectKey]; ok {
		if inject == "false" {
			return "pod label " + InjectKey + " is false"
		}
	} else if f.PodAnnotations[InjectKey] == "false" {
		return "pod annotation " + InjectKey + " is false"
	}
	return ""
}

// NeverInjected reports whether Istio's injector leaves a namespace out
// whatever its labels say.
//
// Source: IgnoredNamespaces in
// https://github.com/istio/istio/blob/eed52ebb66ad/pkg/kube/inject/inject.go
func NeverInjected(namespace string) bool {
	switch namespace {
	case "kube-system", "kube-public", "kube-node-lease", "local-path-storage":
		return true
	}
	return false
}

// anyCaptures reports whether one of a comma list of templates may give the pod
// a sidecar that captures traffic. An installation's own templates may; of
// those that Istio ships only "sidecar" does.
//
// Source:
// https://github.com/istio/istio/tree/eed52ebb66ad/manifests/charts/istio-control/istio-discovery/files
func anyCaptures(names string) bool {
	for name := range strings.SplitSeq(names, ",") {
		switch name = strings.TrimSpace(name); name {
		case "gateway", "waypoint", "kube-gateway", "agentgateway", "agentgateway-waypoint":
		case "": // no template has this name: the injector denies the pod
		default:
			if !strings.HasPrefix(name, "grpc-") {
				return true
			}
		}
	}
	return false
}

// selected finds which of the injector's webhooks the pod reaches. Its label
// sidecar.istio.io/inject is not "false", which no webhook selects.
//
// Source:
// https://github.com/istio/istio/blob/eed52ebb66ad/manifests/charts/istio-control/istio-discovery/templates/mutatingwebhook.yaml
func selected(f InjectionFacts) (Injection, string) {
	var namespaceLabels map[string]string
	if f.NamespaceLabelsKnown {
		namespaceLabels = f.NamespaceLabels
	}
	switch injection, ok := namespaceLabels[InjectionLabel]; {
	case injection == "enabled":
		return InjectionSidecar, "namespace label " + InjectionLabel + " is enabled"
	case injection == "disabled":
		return InjectionNone, "namespace label " + InjectionLabel + " is disabled"
	case ok:
		return InjectionNone, fmt.Sprintf("namespace label %s is %q: only \"enabled\" injects",
			InjectionLabel, injection)
	}

	revision, whose, hasRevision := revisionLabel(namespaceLabels, f.PodLabels)
	inject, hasInject := f.PodLabels[InjectKey]
	switch {
	case revision != "":
		return InjectionSidecar, whose + " label " + RevisionLabel + " is " + revision
	case inject == "true" && !hasRevision:
		return InjectionSidecar, "pod label " + InjectKey + " is true"
	case !f.NamespaceLabelsKnown:
		return InjectionUnlabelled, "namespace labels are unknown and no pod label asks for a sidecar"
	case hasRevision:
		return InjectionNone, whose + " label " + RevisionLabel + " is empty: no revision has that name"
	case hasInject:
		return InjectionNone, fmt.Sprintf("pod label %s is %q: only \"true\" injects", InjectKey, inject)
	}
	return InjectionUnlabelled, "no label of namespace or pod asks for a sidecar"
}

// Revision returns the control plane whose injector a pod reaches, if it
// reaches one at all: DefaultRevision, or what a label names, which may be a
// tag. Unknown namespace labels are none.
func Revision(namespaceLabels, podLabels map[string]string) string {
	if _, ok := namespaceLabels[InjectionLabel]; ok {
		return DefaultRevision
	}
	revision, _, _ := revisionLabel(namespaceLabels, podLabels)
	return cmp.Or(revision, DefaultRevision)
}

// revisionLabel returns the RevisionLabel that counts and whose it is: the
// namespace's goes before the pod's.
func revisionLabel(namespaceLabels, podLabels map[string]string) (revision, whose string, ok bool) {
	if revision, ok = namespaceLabels[RevisionLabel]; ok {
		return revision, "namespace", true
	}
	revision, ok = podLabels[RevisionLabel]
	return revision, "pod", ok
}

// ambientInstead says what reaches the connections of an ambient pod, and what does not.
const ambientInstead = ": ztunnel reads no annotation of a pod; a waypoint does, and label " + DataplaneModeLabel + `: none takes the pod out`

// inAmbient says why ambient captures a pod that no label gives a sidecar, or
// is "". A sidecar wins over ambient: Istio's CNI plugin leaves pods with a
// StatusAnnotation alone.
//
// Source: https://github.com/istio/istio/blob/eed52ebb66ad/cni/pkg/util/enablement_selector.go
func inAmbient(f InjectionFacts) string {
	if f.PodAnnotations[ambientRedirectionAnnotation] == "enabled" {
		return "annotation " + ambientRedirectionAnnotation + " is enabled: ambient captures the pod"
	}
	mode, onPod := f.PodLabels[DataplaneModeLabel]
	if mode == "ambient" {
		return "pod label " + DataplaneModeLabel + " is ambient"
	}
	if onPod && mode == "none" {
		return ""
	}
	if f.NamespaceLabelsKnown && f.NamespaceLabels[DataplaneModeLabel] == "ambient" {
		return "namespace label " + DataplaneModeLabel + " is ambient"
	}
	return ""
}
