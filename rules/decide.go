package rules

// Options are the installation's settings.
type Options struct {
	// ClusterWide considers every namespace that is not opted out.
	ClusterWide bool
}

// Decide says what becomes of a pod. A nil Set decides RulesUnavailable. It is
// deterministic, and deciding on its own result gives AlreadyApplied.
func (s *Set) Decide(pod *Pod, options Options) Outcome { panic("skeleton") }

// Explain is Decide with the verdict of every rule, in file order. Verdicts
// are given also where the outcome is a skip, so that a reader sees what the
// rules would have said.
func (s *Set) Explain(pod *Pod, options Options) (Outcome, []Verdict) { panic("skeleton") }
