package rules

// Reason is the stable code of an outcome: the same in logs, metrics,
// warnings, audit annotations and explain. docs/codes.md is made of the comments
// of all codes: a meaning, and what to do.
type Reason string

const (
	// The pod gets annotations of the rules that match.
	// Do: nothing. Rules that observe beside them are named in a warning.
	Patched Reason = "Patched"
	// Rules match, and the pod carries all that they want: it was patched before, as a
	// manifest or by an earlier call of the webhook.
	// Do: nothing.
	AlreadyApplied Reason = "AlreadyApplied"
	// No rule is in force on the pod any more, and it carries what holdfast wrote under
	// other rules: that is taken back, and what its author wrote stays.
	// Do: nothing.
	TakenBack Reason = "TakenBack"
	// The pod is looked at and no rule is for it.
	// Do: where one should be, `holdfast explain -f rules.yaml pod.yaml` says of every
	// rule why not.
	NoRuleMatched Reason = "NoRuleMatched"
	// Rules match, and all of them are in mode Observe: nothing is changed.
	// Do: set `mode: Enforce` in the rule, or in the file, when you like what
	// `holdfast explain` shows.
	Observed Reason = "Observed"
	// The pod, by label or annotation, or its namespace, by label, has
	// `holdfast.dev/enabled: "false"`.
	// Do: nothing where that is meant; else remove it.
	OptedOut Reason = "OptedOut"
	// The namespace has no label `holdfast.dev/enabled: "true"`, and the installation
	// is not cluster-wide.
	// Do: `kubectl label namespace NAME holdfast.dev/enabled=true`, or run the webhook
	// with `--cluster-wide`; then restart the pods.
	NamespaceNotOptedIn Reason = "NamespaceNotOptedIn"
	// Istio will not give the pod a sidecar that captures traffic, so there is nothing
	// to keep; the detail says why (host network, a label, a system namespace,
	// ambient, a gateway that no entry of `gateways` is for).
	// Do: nothing, unless the pod should have a sidecar: then ask Istio for one
	// (`istio-injection: enabled` on the namespace); name a gateway by an entry of
	// `gateways`. In ambient mode: [ambient.md](ambient.md).
	NoSidecar Reason = "NoSidecar"
	// The sidecar was there before the annotations. At admission: Istio's webhook was
	// called before holdfast's; the pod is patched, and its sidecar has the settings
	// only if Istio is called again. In `holdfast explain` of a running pod: it is
	// older than the rule.
	// Do: at admission see warning `AlreadyInjected`; a running pod: restart its
	// workload.
	AlreadyInjected Reason = "AlreadyInjected"
	// Rules match, and nothing of them could be put in force: the pod's own
	// annotations are ones that Istio rejects, and the pod with them, or cannot be
	// edited safely.
	// Do: mend the annotation that the detail names; a warning says how.
	LeftAlone Reason = "LeftAlone"
	// Rules match, and with what they add the API server, etcd or the kernel would
	// refuse the pod; it is left as it is.
	// Do: give the rule that the warning names fewer networks or other `workloads`, or
	// the pod fewer annotations; the limits:
	// [rules.md](rules.md#how-large-a-pod-may-become).
	TooLarge Reason = "TooLarge"
	// The pod is the API's copy of a static pod of a node, which admission cannot
	// change.
	// Do: nothing in the cluster; where its manifest on the node holds a sidecar,
	// `holdfast patch` can annotate that file.
	MirrorPod Reason = "MirrorPod"
	// The webhook has no rules yet. It is not ready then, so this is rare.
	// Do: see its log and `/readyz`; the ConfigMap may be missing, or have errors.
	RulesUnavailable Reason = "RulesUnavailable"
	// A defect of holdfast; the pod passes unchanged.
	// Do: take the log line of this pod and report it; restart the pods once it is
	// mended.
	InternalError Reason = "InternalError"
)

// Reasons returns every Reason, for metrics that exist at zero.
func Reasons() []Reason {
	return []Reason{
		Patched, AlreadyApplied, TakenBack, NoRuleMatched, Observed, OptedOut, NamespaceNotOptedIn,
		NoSidecar, AlreadyInjected, LeftAlone, TooLarge, MirrorPod, RulesUnavailable, InternalError,
	}
}

// Annotation is a key with its value.
type Annotation struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// Outcome is a decision about one pod. Its lists may be shared with other
// outcomes: they are to be read only.
type Outcome struct {
	Reason   Reason
	Detail   string       // a few words: what decided
	Rules    []string     // rules now in force on the pod, in file order
	Observed []string     // rules that match but only observe, in file order
	Set      []Annotation // to set, sorted by key; only what differs
	Remove   []string     // keys to remove, sorted
	Warnings []Warning
	Price    []string // what the pod pays for rules in force, a sentence each
	Hash     string   // of this pod's own outcome, as in AppliedAnnotation
	// MeshObjects are the names of the objects in Istio's root namespace that
	// have to be there for the annotations to have their effect, sorted; those
	// of pods that carry the annotations already included.
	MeshObjects []string
	// Would is what Set would be if observing rules were enforced too; empty
	// without observing rules.
	Would []Annotation
}
