package checks

import (
	"fmt"
	"slices"

	"github.com/holdfast-mesh/holdfast/doctor"
	"github.com/holdfast-mesh/holdfast/rules/load"
)

func rulesInForce(s *doctor.Snapshot, r *doctor.Result) {
	m := s.Rules.Value
	switch {
	case s.Rules.Unseen != "":
		r.Unseen(s.Rules.Unseen)
	case m == nil, m.Missing != "":
		missing(s, r)
	case m.File == nil:
		invalid(s, r)
	default:
		r.Seen = fmt.Sprintf("%s, mode %s, hash %s", count(len(m.File.Rules), "rule"), m.File.Mode, m.Hash)
	}
	r.Unseen(s.Replicas.Unseen)
	for _, p := range s.Replicas.Value {
		pod := "Pod " + s.Namespace + "/" + p.Name
		switch restart := fmt.Sprintf("kubectl -n %s logs %s says why; kubectl -n %[1]s delete pod %[2]s lets it read them anew", s.Namespace, p.Name); {
		case p.State != "": // of check replicas
		case p.Hash.Unseen != "":
			r.Unseen("the rules in force in pod " + p.Name + ": " + p.Hash.Unseen)
		case p.Hash.Value == "":
			r.Add(doctor.RulesNotThere, pod, "its metric holdfast_rules_info has no hash", restart)
		case m == nil || m.File == nil || m.Hash == p.Hash.Value:
		default:
			r.Add(doctor.RulesDiffer, pod, fmt.Sprintf("it has rules with hash %s, the ConfigMap those with %s", p.Hash.Value, m.Hash),
				restart+"; where it is of another version of holdfast, wait for the rollout")
		}
	}
}

func missing(s *doctor.Snapshot, r *doctor.Result) {
	source, found := "ConfigMap "+s.Namespace+"/holdfast-rules", "not there"
	if m := s.Rules.Value; m != nil {
		source, found = m.Source, m.Missing
	}
	r.Add(doctor.RulesMissing, source, found, fmt.Sprintf("kubectl -n %s create configmap holdfast-rules --from-file=%s=FILE, with a file that 'holdfast check' accepts", s.Namespace, load.RulesKey))
}

func invalid(s *doctor.Snapshot, r *doctor.Result) {
	m := s.Rules.Value
	i := slices.IndexFunc(m.Problems, func(p load.Problem) bool { return p.Severity == load.Error })
	p := m.Problems[i]
	r.Add(doctor.RulesInvalid, m.Source, fmt.Sprintf("line %d, column %d: %s: %s", p.Line, p.Column, p.Code, p.Message),
		fmt.Sprintf("kubectl -n %s get configmap holdfast-rules -o yaml | holdfast check - lists every error; then kubectl edit it", s.Namespace))
}
