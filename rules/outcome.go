package rules

// Reason is the stable code of an outcome: the same in logs, metrics,
// warnings, audit annotations and explain.
type Reason string

const (
	Patched             Reason = "Patched"             // annotations are to be changed
	AlreadyApplied      Reason = "AlreadyApplied"      // rules match and everything is already so
	TakenBack           Reason = "TakenBack"           // no rule is in force any more: what holdfast had written goes
	NoRuleMatched       Reason = "NoRuleMatched"       // nothing to do
	Observed            Reason = "Observed"            // rules match, all in mode Observe
	OptedOut            Reason = "OptedOut"            // pod, or namespace by an explicit "false"
	NamespaceNotOptedIn Reason = "NamespaceNotOptedIn" // no opt-in label, and not cluster-wide
	NoSidecar           Reason = "NoSidecar"           // Istio will not inject a sidecar
	AlreadyInjected     Reason = "AlreadyInjected"     // patched, but the order of webhooks is wrong
	LeftAlone           Reason = "LeftAlone"           // rules match, and the pod's own annotations cannot take them
	TooLarge            Reason = "TooLarge"            // rules match, and with them the pod could not be stored or run
	MirrorPod           Reason = "MirrorPod"           // static pods cannot be changed
	RulesUnavailable    Reason = "RulesUnavailable"    // no rules loaded yet
	InternalError       Reason = "InternalError"       // a defect of holdfast; the pod passes unchanged
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
	Hash     string // of this pod's own outcome, as in AppliedAnnotation
	// MeshObjects are the names of the objects in Istio's root namespace that
	// have to be there for the annotations to have their effect, sorted; those
	// of pods that carry the annotations already included.
	MeshObjects []string
	// Would is what Set would be if observing rules were enforced too; empty
	// without observing rules.
	Would []Annotation
}
