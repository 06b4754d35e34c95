package checks

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/holdfast-mesh/holdfast/doctor"
)

// judged is what a check should say.
type judged struct {
	name   string
	state  *doctor.Snapshot
	codes  []doctor.Code // in order
	unseen string        // part of what was not checked; "" for everything checked
	says   string        // part of a finding, or of what was seen
}

func table(t *testing.T, check doctor.Name, tests []judged) {
	t.Helper()
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := Run(test.state, []doctor.Name{check})[0]
			var codes []doctor.Code
			text := r.Seen
			for _, f := range r.Findings {
				codes = append(codes, f.Code)
				text += "\n" + strings.Join([]string{f.Object, f.Found, f.Why, f.Fix}, "\n")
				if f.Why == "" || f.Fix == "" || f.Found == "" {
					t.Errorf("%s lacks a part: %+v", f.Code, f)
				}
			}
			if diff := cmp.Diff(test.codes, codes); diff != "" {
				t.Errorf("codes (-want +got):\n%s%s", diff, text)
			}
			said := strings.Join(r.NotChecked, "\n")
			if !strings.Contains(said, test.unseen) || test.unseen == "" && said != "" {
				t.Errorf("got not checked %q, want %q", said, test.unseen)
			}
			if !strings.Contains(text, test.says) {
				t.Errorf("got %q, want it to say %q", text, test.says)
			}
			// What was not seen is no all-clear.
			if r.Status == doctor.Fine && r.Seen == "" {
				t.Error("fine, and nothing was seen")
			}
		})
	}
}

// Run makes the checks that are asked for, in the order of a report.
func TestRun(t *testing.T) {
	var got []doctor.Name
	for _, r := range Run(&doctor.Snapshot{}, []doctor.Name{doctor.Gateways, doctor.Order}) {
		got = append(got, r.Check)
	}
	if want := []doctor.Name{doctor.Order, doctor.Gateways}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	for _, name := range doctor.Names() {
		if run[name] == nil {
			t.Errorf("nothing makes the check %s", name)
		}
	}
}

// A snapshot of which nothing was seen gives no finding, whatever check looks at it.
func TestNothingSeen(t *testing.T) {
	s := &doctor.Snapshot{}
	s.Mutating.Unseen, s.Validating.Unseen, s.Deployment.Unseen, s.Replicas.Unseen = "no", "no", "no", "no"
	s.Rules.Unseen, s.Namespaces.Unseen, s.ControlPlanes.Unseen, s.EnvoyFilters.Unseen, s.Secret.Unseen, s.Certificates.Unseen = "no", "no", "no", "no", "no", "no"
	for _, r := range Run(s, doctor.Names()) {
		if r.Status != doctor.NotChecked || r.Findings != nil || r.NotChecked == nil {
			t.Errorf("%s: got %s, %v and %q", r.Check, r.Status, r.Findings, r.NotChecked)
		}
	}
}
