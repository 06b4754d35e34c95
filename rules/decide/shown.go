package decide

import (
	"slices"

	"github.com/holdfast-mesh/holdfast/rules"
	"github.com/holdfast-mesh/holdfast/rules/evidence"
)

// Shown is what a pod shows of what it uses, beside the evidence of verdicts.
type Shown struct {
	Others   []rules.Evidence  `json:"others"`             // the first addresses that are evidence for no rule that matched
	More     int               `json:"more,omitempty"`     // how many more there are of these
	Unread   []evidence.Unread `json:"unread"`             // the first sources that were not read
	Unlisted int               `json:"unlisted,omitempty"` // how many more there are of these
}

// Shows lists what else a pod shows, for people who wonder why a rule did not match. It
// is empty if no rule asks for references.
func (s *Set) Shows(pod *rules.Pod) Shown {
	f := s.facts(pod, evidence.Scan)
	shown := Shown{Others: []rules.Evidence{}, Unread: slices.Clone(f.found.Unread), Unlisted: f.found.Unlisted}
	if shown.Unread == nil {
		shown.Unread = []evidence.Unread{}
	}
	var matched []*compiled
	for i := range s.rules {
		if c := &s.rules[i]; c.Workloads.Referencing && c.match(&f) == rules.VerdictMatched {
			matched = append(matched, c)
		}
	}
	add := func(a *evidence.Address) {
		if slices.ContainsFunc(matched, func(c *compiled) bool { return c.reaches(a).counts() }) {
			return
		}
		e := evidenceOf(a)
		switch {
		case slices.Contains(shown.Others, e):
		case len(shown.Others) == maxEvidence:
			shown.More++
		default:
			shown.Others = append(shown.Others, e)
		}
	}
	for i := range f.found.Addresses {
		add(&f.found.Addresses[i])
	}
	for i := range f.found.Others {
		add(&f.found.Others[i])
	}
	shown.More += f.found.Unasked - len(f.found.Others)
	return shown
}

// evidenceOf is an address in words.
func evidenceOf(a *evidence.Address) rules.Evidence {
	return rules.Evidence{Where: a.Where(), Address: a.String(), Kind: a.Kind, Form: string(a.Form), Unresolved: a.Unresolved}
}
