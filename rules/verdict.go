package rules

// VerdictReason is the stable code of a verdict.
type VerdictReason string

const (
	VerdictMatched                   VerdictReason = "Matched"
	VerdictNamespaceMismatch         VerdictReason = "NamespaceMismatch"         // its name is not in workloads.namespaces
	VerdictPodSelectorMismatch       VerdictReason = "PodSelectorMismatch"       // the pod's labels
	VerdictNamespaceLabelsUnknown    VerdictReason = "NamespaceLabelsUnknown"    // and all else but referencing holds
	VerdictNamespaceSelectorMismatch VerdictReason = "NamespaceSelectorMismatch" // the namespace's labels
	VerdictNotReferenced             VerdictReason = "NotReferenced"             // the pod shows no use of a destination
)

// Verdict is what one rule says to one pod.
type Verdict struct {
	Rule     string        `json:"rule"`
	Mode     Mode          `json:"mode"`
	Matched  bool          `json:"matched"`
	Reason   VerdictReason `json:"reason"`
	Detail   string        `json:"detail"`
	Evidence []Evidence    `json:"evidence,omitempty"`
}

// Evidence is one visible use of a destination.
type Evidence struct {
	Where      string `json:"where"`                // "container cart, env REDIS_URL"
	Address    string `json:"address"`              // "redis.prod:6379"; never credentials
	Unresolved bool   `json:"unresolved,omitempty"` // a name where the rule has only CIDRs
}

// String is "redis.prod:6379 in container cart, env REDIS_URL".
func (e Evidence) String() string {
	text := e.Address + " in " + e.Where
	if e.Unresolved {
		text += " (a name where the rule has only CIDRs)"
	}
	return text
}
