package soak

import (
	"strings"
	"testing"
	"time"

	"github.com/holdfast-mesh/holdfast/test/bench/report"
	"github.com/holdfast-mesh/holdfast/test/bench/variant"
)

// steady are results in which nothing changes: 30 MiB, 80 goroutines, no slow request.
func steady() []Result {
	var results []Result
	for _, v := range Variants() {
		r := Result{variant: v, Title: v.Title, Rules: v.Rules}
		r.count(time.Millisecond)
		if v.Rules > 0 {
			r.After = &Look{report.Memory{Own: 10 << 20, File: 20 << 20}, 80}
		}
		for range 15 {
			if v.Rules > 0 {
				r.looks = append(r.looks, Look{report.Memory{Own: 10 << 20, File: 20 << 20}, 80})
			}
		}
		results = append(results, r)
	}
	return results
}

// What becomes worse is told, and what the machine does to the bare server too is not.
func TestVerdicts(t *testing.T) {
	tests := []struct {
		name   string
		change func(bare, few *Result)
		want   string // empty: all is as wanted
	}{
		{"steady", func(_, _ *Result) {}, ""},
		// What is taken at the start does not count as growth.
		{"warm-up", func(_, few *Result) { few.looks[0].Resident.Own, few.looks[1].Resident.Own = 0, 5<<20 }, ""},
		// Nor does a moment.
		{"a moment", func(_, few *Result) { few.looks[12].Resident.Own = 90 << 20 }, ""},
		{"growing", func(_, few *Result) {
			for i := range few.looks {
				few.looks[i].Resident.Own += int64(i) * 700 << 10
			}
		}, "memory in the last fifth"},
		{"pages of the file", func(_, few *Result) {
			for i := range few.looks {
				few.looks[i].Resident.File += int64(i) * 700 << 10
			}
		}, "memory in the last fifth"},
		{"large", func(_, few *Result) { few.After.Resident.File = 31 << 20 }, "MiB when it is over"},
		{"goroutines", func(_, few *Result) { few.looks[13].Goroutines, few.looks[14].Goroutines = 83, 83 }, "goroutines"},
		{"slow", func(_, few *Result) {
			for range 5 {
				few.count(slow + 1)
			}
		}, "requests over 50ms, with 0 of the bare server"},
		{"not too slow", func(_, few *Result) {
			for range 5 {
				few.count(slow)
			}
		}, ""},
		// None of the one and 4 of the other may be the same noise, or 4 and 12.
		{"rare noise", func(bare, few *Result) { bare.Slow, few.Slow = 0, 4 }, ""},
		{"noise", func(bare, few *Result) { bare.Slow, few.Slow = 4, 12 }, ""},
		{"more than noise", func(bare, few *Result) { bare.Slow, few.Slow = 4, 13 }, "requests over 50ms, with 4 of the bare server"},
	}
	for _, test := range tests {
		results := steady()
		test.change(&results[0], &results[1])
		for i := range results {
			results[i].sum()
		}
		var got []string
		for _, v := range Verdicts(results) {
			if !v.Met() {
				got = append(got, v.String())
			}
		}
		var out strings.Builder
		met := Print(&out, results)
		switch {
		case met != (test.want == ""):
			t.Errorf("%s: got met %v, want %v:\n%s", test.name, met, test.want == "", &out)
		case test.want == "" && got == nil:
		case len(got) != 1 || !strings.HasPrefix(got[0], test.want) || !strings.Contains(got[0], results[1].Title):
			t.Errorf("%s: got %q, want one about %q", test.name, got, test.want)
		}
	}
	if results := steady(); results[0].variant.Name != variant.Bare || results[1].Rules != variant.Few {
		t.Error("the bare server does not come first, then few rules")
	}
}
