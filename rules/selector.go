package rules

import "slices"

// Operators of label selectors.
// Source: https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#resources-that-support-set-based-requirements
const (
	OpIn           = "In"
	OpNotIn        = "NotIn"
	OpExists       = "Exists"
	OpDoesNotExist = "DoesNotExist"
)

// Selector is a Kubernetes label selector.
type Selector struct {
	MatchLabels      map[string]string
	MatchExpressions []Requirement
}

// Requirement is one expression of a Selector.
type Requirement struct {
	Key      string
	Operator string // OpIn, OpNotIn, OpExists or OpDoesNotExist
	Values   []string
}

// Accepts reports whether a label meets r: with this value, or, without ok,
// where there is no such label. It answers as Kubernetes does: OpNotIn also
// holds for an absent label.
func (r *Requirement) Accepts(value string, ok bool) bool {
	switch r.Operator {
	case OpIn:
		return ok && slices.Contains(r.Values, value)
	case OpNotIn:
		return !ok || !slices.Contains(r.Values, value)
	case OpExists:
		return ok
	case OpDoesNotExist:
		return !ok
	}
	return false
}
