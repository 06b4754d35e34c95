package report

import (
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/holdfast-mesh/holdfast/test/bench/pods"
	"github.com/holdfast-mesh/holdfast/test/bench/variant"
	"github.com/holdfast-mesh/holdfast/test/results"
	"github.com/holdfast-mesh/holdfast/test/written"
)

var update = flag.Bool("update", false, "write the files in docs anew, from docs/speed.json")

const docs = "../../../docs"

// The page and the picture in docs, and what README says of them, are what the committed
// measurements give.
func TestDocsAreFresh(t *testing.T) {
	run, err := results.Read[Run](filepath.Join(docs, jsonFile))
	if err != nil {
		t.Fatal(err)
	}
	files, err := run.Files()
	if err != nil {
		t.Fatal(err)
	}
	const command = "go test ./test/bench/report -update"
	for name, want := range files {
		written.Check(t, filepath.Join(docs, name), want, command, *update)
	}
	written.CheckPart(t, filepath.Join(docs, "..", "README.md"), "<!-- ratios, written by '"+command+"' -->\n", "<!-- end of ratios -->\n", run.Summary(), command, *update)
}

// Percentiles are by rank, in milliseconds.
func TestSum(t *testing.T) {
	var times []time.Duration
	for i := range 200 {
		times = append(times, time.Duration(i+1)*time.Millisecond)
	}
	got := Sum(times)
	if got.P50 != 100 || got.P99 != 198 || !slices.Equal(got.Parts, []float64{20, 60, 100, 140, 180}) || got.Tails[4] != 200 {
		t.Errorf("got %+v, want 100, 198, parts of 20 to 180, the last with a tail of 200", got)
	}
	if got := Sum(times[6:7]); got.P50 != 7 || got.P99 != 7 || len(got.Parts) != 1 {
		t.Errorf("got %+v of one time, want 7 thrice", got)
	}
	if got := Rates(40, []time.Duration{time.Second, 500 * time.Millisecond, 4 * time.Second}); !slices.Equal(got, []float64{40, 80, 10}) {
		t.Errorf("got %v a second, want 40, 80, 10", got)
	}
	if got := []float64{Median([]float64{3, 1, 2}), Median([]float64{4, 1, 2, 3}), Median(nil)}; !slices.Equal(got, []float64{2, 2.5, 0}) {
		t.Errorf("got medians %v, want 2, 2.5 and 0", got)
	}
	if got := Mean(times); got != 100500*time.Microsecond {
		t.Errorf("got mean %s, want 100.5ms", got)
	}
}

// The pages of the program's file are memory too, and are told apart.
func TestMemory(t *testing.T) {
	m := Memory{Own: 14 << 20, File: 33 << 20}
	if got, want := m.String(), "47 MiB (14 own, 33 of the program's file)"; got != want || m.MiB() != 47 {
		t.Errorf("got %s, %v MiB; want %s", got, m.MiB(), want)
	}
}

// Rates are compared round by round: what the machine does to a whole round is no difference.
func TestPaired(t *testing.T) {
	of, to := []float64{10, 30, 20}, []float64{20, 10, 40}
	if got, low, high := paired(of, to); got != 0.5 || low != 0.5 || high != 3 {
		t.Errorf("got %v (%v-%v), want 0.5 (0.5-3)", got, low, high)
	}
}

// Where the time goes is said of servers that say it themselves, and of no other.
func TestInside(t *testing.T) {
	run := example()
	bare := run.of(variant.Bare)
	for i := range bare.Sizes {
		run.of(variant.None).Sizes[i].Created.Rest = 2.1
		bare.Sizes[i].Created.Own, bare.Sizes[i].Created.Rest = 0.4, 2.75
		bare.Sizes[i].Direct.Own, bare.Sizes[i].Direct.Rest = 0.2, 0.25
	}
	for i, want := range [][]string{{"1.00", "0.40", "0.65"}, {"0.50", "0.20", "0.25"}} {
		table := run.Inside()[i]
		row := append([]string{bare.Title}, slices.Repeat(want, len(run.Sizes))...)
		if len(table.Rows) != 1 || !slices.Equal(table.Rows[0], row) || len(table.Head) != len(row) {
			t.Errorf("%s: got %q, want %q alone", table.Title, table.Rows, row)
		}
	}
}

// example is a run in which pods take 2 ms without a webhook, and 1 ms more with any.
func example() *Run {
	run := &Run{Machine: Machine{CPU: "a CPU", Cores: 2, Linux: "6", Go: "go1", Kubernetes: "v1"}, Settings: Settings{Clients: 8}}
	for _, name := range pods.Sizes {
		run.Sizes = append(run.Sizes, Size{Name: name, Pod: 400, Review: 2400})
	}
	for _, v := range variant.All() {
		of := Variant{Name: v.Name, Title: v.Title}
		created := Times{P50: 3, P99: 4, Parts: []float64{3, 3.5}}
		if v.Name == variant.None {
			created = Times{P50: 2, P99: 3, Parts: []float64{2, 2}}
		}
		for range pods.Sizes {
			m := Measured{Created: created, Crowd: Crowd{Rates: []float64{100, 50}, Times: created}}
			if v.Webhook() {
				m.Direct, of.Resident = &Times{P50: 0.5, P99: 1}, &Memory{Own: 10 << 20, File: 20 << 20}
			}
			of.Sizes = append(of.Sizes, m)
		}
		run.Variants = append(run.Variants, of)
	}
	return run
}

// Every target is held against the right pair: making one number worse makes the targets fail
// that are about it, and no other.
func TestVerdicts(t *testing.T) {
	few := variant.Holdfast(variant.Few, pods.Plain)
	tests := []struct {
		name   string
		change func(m func(name string) *Measured)
		want   []string
	}{
		{"all alike", func(func(string) *Measured) {}, nil},
		// 1.25 is over 1.15 of the limit, and over 1.2 of the policy.
		{"added", func(m func(string) *Measured) { m(few).Created.P50 = 3.25 }, []string{"10 rules, to the limit", "10 rules, to MutatingAdmissionPolicy"}},
		{"many rules", func(m func(string) *Measured) { m(variant.Holdfast(variant.Many, pods.Plain)).Created.P50 = 3.06 }, []string{"10,000 rules, to 10 rules"}},
		{"no match", func(m func(string) *Measured) { m(variant.Holdfast(variant.Few, pods.Nowhere)).Created.P50 = 3.05 }, []string{"controller-runtime's no-op"}},
		{"no match at all", func(m func(string) *Measured) { m(variant.Holdfast(variant.Few, pods.Nowhere)).Created.P50 = 3.11 }, []string{"to the bare server that allows", "controller-runtime's no-op"}},
		{"direct", func(m func(string) *Measured) { m(few).Direct.P50 = 0.71 }, []string{"direct p50"}},
		{"many clients", func(m func(string) *Measured) { m(few).Crowd.P99 = 4.5 }, []string{"8 clients: p99"}},
		{"their rate", func(m func(string) *Measured) { m(few).Crowd.Rates = []float64{94, 47} }, []string{"8 clients: throughput"}},
	}
	for _, test := range tests {
		run := example()
		test.change(func(name string) *Measured { return &run.of(name).Sizes[pods.Typical] })
		var got []string
		for _, v := range run.Verdicts() {
			if !v.Met() {
				got = append(got, v.String())
			}
		}
		if len(got) != len(test.want) {
			t.Errorf("%s: got %q not met, want %q", test.name, got, test.want)
			continue
		}
		for i, want := range test.want {
			if !strings.Contains(got[i], want) || !strings.Contains(got[i], "typical") {
				t.Errorf("%s: got %q, want one about %s and typical pods", test.name, got[i], want)
			}
		}
	}
}

// A verdict says what was wanted, what is, and how far the parts of the run lie apart.
func TestVerdictText(t *testing.T) {
	run := example()
	few := run.of(variant.Holdfast(variant.Few, pods.Plain))
	few.Sizes[pods.Small].Created = Times{P50: 3.306, Parts: []float64{3.2, 3.5}}
	got := run.Verdicts()[0].String()
	if want := "added p50, 10 rules, to the limit, small: target at most 1.15, got 1.31 (1.00-1.31): NOT MET"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// What servers say of themselves is taken for the whole difference.
func TestByServers(t *testing.T) {
	run := example()
	few, bare := run.of(variant.Holdfast(variant.Few, pods.Plain)), run.of(variant.Bare)
	for i, own := range map[*Variant]float64{few: 0.3, bare: 0.2} {
		m := &i.Sizes[pods.Small]
		m.Created.Own, m.Direct.Own = own, own
		m.Crowd.CPU = 10 * own
	}
	few.Sizes[pods.Small].Created.P50 = 7 // noise
	got := map[string]float64{}
	for _, v := range run.Verdicts() {
		if v.ByServers != 0 {
			got[v.Size+", "+v.What] = v.ByServers
		}
	}
	want := map[string]float64{
		"small, added p50, 10 rules, to the limit":                                1.1,  // of 1 ms
		"small, direct p50, 10 rules, to the bare server that patches":            1.2,  // of 0.5 ms
		"small, 8 clients: throughput, 10 rules, to the bare server that patches": 0.96, // 1 ms beside two cores' 26.7
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// The picture is XML, has a bar for every webhook and size, and they fit.
func TestPicture(t *testing.T) {
	run := example()
	run.of(variant.Conventional).Sizes[pods.Fat].Created.P50 = 9
	content, err := run.picture()
	if err != nil {
		t.Fatal(err)
	}
	decoder, rects := xml.NewDecoder(strings.NewReader(string(content))), 0
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("not XML: %v\n%s", err, content)
		}
		if start, ok := token.(xml.StartElement); ok && start.Name.Local == "rect" {
			rects++
		}
	}
	if want := 1 + len(pods.Sizes)*(len(variant.All())-1); rects != want {
		t.Errorf("got %d rectangles, want %d: the page, and the bars", rects, want)
	}
	for _, want := range []string{`width="84" `, "7.00 ms, 7.00 x", "a CPU, 2 cores"} {
		if !strings.Contains(string(content), want) {
			t.Errorf("got no %q in\n%s", want, content)
		}
	}
}
