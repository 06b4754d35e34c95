package merge

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/holdfast-mesh/holdfast/istio"
	"github.com/holdfast-mesh/holdfast/istio/proxyconfig"
	"github.com/holdfast-mesh/holdfast/rules"
	"github.com/holdfast-mesh/holdfast/rules/annotations"
)

const jittered = `rules:
- name: a
  destinations: {ports: [6379]}
  strategy: {drainDuration: 12h, drainJitter: 25}
`

// drainOf is the drainDuration that a pod carries; 0 if it has none.
func drainOf(t *testing.T, pod Pod) time.Duration {
	t.Helper()
	config, err := proxyconfig.Parse(pod.Annotations[annotations.ProxyConfig].Text)
	if err != nil {
		t.Fatal(err)
	}
	text, ok := config.Field(proxyconfig.DrainDuration)
	if !ok {
		return 0
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// drawing is a pod that draws a lot.
func drawing(lot float64, own ...string) Pod {
	pod := podWith(own...)
	pod.Lot = lot
	return pod
}

// merged is the pod that rules make of one.
func merged(list []*Rule, pod Pod) Pod {
	apply(&pod, Merge(list, pod))
	return pod
}

// 10,000 pods of one rule spread evenly over 12 h +-25 %: a chi-square test of 40 classes. The
// seed is fixed, so that it says the same every time.
func TestJitterIsUniform(t *testing.T) {
	const pods, classes = 10_000, 40
	list := compile(t, jittered)
	random := rand.New(rand.NewPCG(18, 2))
	low, high := 9*time.Hour, 15*time.Hour
	var counts [classes]int
	for range pods {
		d := drainOf(t, merged(list, drawing(1-random.Float64())))
		if d < low || d > high {
			t.Fatalf("got %s, want %s to %s", d, low, high)
		}
		counts[min(int(d-low)*classes/int(high-low), classes-1)]++
	}
	chi := 0.0
	for _, count := range counts {
		const expected = float64(pods) / classes
		chi += (float64(count) - expected) * (float64(count) - expected) / expected
	}
	// 39 degrees of freedom: one even spread in a thousand exceeds this.
	if chi > 72.1 {
		t.Errorf("got chi-square %.1f, want at most 72.1: %v", chi, counts)
	}
}

// The ends of the range are drawn as often as its middle, and never more; a second is the
// shortest, and what Envoy takes the longest.
func TestJitterRange(t *testing.T) {
	for _, test := range []struct {
		drain     string
		jitter    int
		low, high string
	}{
		{"12h", 25, "32400s", "54000s"},
		{"12h", 1, "42768s", "43632s"},
		{"10s", 50, "5s", "15s"},
		{"10s", 25, "8s", "12s"},
		{"1s", 50, "1s", "1s"},
		{"3s", 50, "2s", "4s"},
		{"2147483647s", 50, "1073741824s", "2147483647s"},
	} {
		list := compile(t, fmt.Sprintf("rules:\n- name: a\n  destinations: {ports: [1]}\n  strategy: {drainDuration: %s, drainJitter: %d}\n", test.drain, test.jitter))
		for lot, want := range map[float64]string{1e-12: test.low, 1: test.high, 0: test.drain} {
			pod := drawing(lot)
			r := Merge(list, pod)
			apply(&pod, r)
			if got := istio.FormatSeconds(drainOf(t, pod)); got != want && (lot != 0 || test.drain != "12h" || got != "43200s") {
				t.Errorf("%s +-%d %% with lot %g: got %s, want %s", test.drain, test.jitter, lot, got, want)
			}
			if warned := slices.ContainsFunc(r.Warnings.All(), func(w rules.Warning) bool { return w.Code == rules.WarnDrainNotDrawn }); warned != (lot == 0) {
				t.Errorf("%s with lot %g: got warnings %v, want one only where nothing is drawn", test.drain, lot, r.Warnings.All())
			}
			if pod.Lot = 0.5; lot != 0 && len(Merge(list, pod).Set) > 0 {
				t.Errorf("%s with lot %g: got it drawn again, want the ends of the range kept too", test.drain, lot)
			}
		}
	}
}

// Of three seconds each has a third of the lots.
func TestJitterOfFewSeconds(t *testing.T) {
	list := compile(t, "rules:\n- name: a\n  destinations: {ports: [1]}\n  strategy: {drainDuration: 3s, drainJitter: 50}\n")
	for lot, want := range map[float64]time.Duration{0.3: 2 * time.Second, 0.4: 3 * time.Second, 0.6: 3 * time.Second, 0.7: 4 * time.Second} {
		if got := drainOf(t, merged(list, drawing(lot))); got != want {
			t.Errorf("lot %g: got %s, want %s", lot, got, want)
		}
	}
}

// What a pod has drawn stays its own, whatever it draws when the webhook is called again,
// and however often; other rules draw anew.
func TestJitterIsDrawnOnce(t *testing.T) {
	list := compile(t, jittered)
	pod := drawing(0.1)
	first := Merge(list, pod)
	apply(&pod, first)
	drawn := drainOf(t, pod)
	for _, lot := range []float64{0.9, 0.2, 0} { // none: what "holdfast explain" is given
		pod.Lot = lot
		if r := Merge(list, pod); len(r.Set)+len(r.Remove)+len(r.Warnings.All()) > 0 || r.Hash != first.Hash {
			t.Errorf("lot %g: got %+v, want no edit, no warning and hash %s", lot, r, first.Hash)
		}
	}
	if Merge(list, drawing(0.9)).Hash == first.Hash {
		t.Error("got the same hash for pods that draw otherwise")
	}
	for _, test := range []struct {
		rule, text string
		lot        float64
		want       time.Duration
	}{
		{"another drainDuration", strings.Replace(jittered, "12h", "10h", 1), 1, 12*time.Hour + 30*time.Minute},
		{"another jitter", strings.Replace(jittered, "25", "50", 1), 1, 18 * time.Hour},
		{"no jitter", strings.Replace(jittered, "25", "0", 1), 1, 12 * time.Hour},
		{"no rule", "rules: []", 1, 0},
		{"the same rule", jittered, 1, drawn},
	} {
		pod.Lot = test.lot
		if got := drainOf(t, merged(compile(t, test.text), pod)); got != test.want {
			t.Errorf("%s: got %s, want %s", test.rule, got, test.want)
		}
	}
}

// A template that was patched has the plain value, and every pod of it draws all the same.
func TestJitterOfATemplate(t *testing.T) {
	list := compile(t, jittered)
	template := merged(list, drawing(0))
	if got := drainOf(t, template); got != 12*time.Hour {
		t.Errorf("got %s on the template, want 12h", got)
	}
	if r := Merge(list, template); len(r.Set)+len(r.Remove) > 0 {
		t.Errorf("got %v set and %v removed on the template again, want nothing", r.Set, r.Remove)
	}
	seen := map[time.Duration]bool{}
	for _, lot := range []float64{0.1, 0.4, 0.8} {
		pod := template
		pod.Lot = lot
		seen[drainOf(t, merged(list, pod))] = true
	}
	if len(seen) != 3 || seen[12*time.Hour] {
		t.Errorf("got %v, want three values that were drawn", seen)
	}
}

// What the author wrote wins, before and after; and a record that says what cannot have been
// drawn is not believed.
func TestJitterAndTheAuthor(t *testing.T) {
	list := compile(t, jittered)
	if got := drainOf(t, merged(list, drawing(0.1, istio.ProxyConfigAnnotation, "drainDuration: 75s\n"))); got != 75*time.Second {
		t.Errorf("got %s, want the author's 75s", got)
	}
	pod := merged(list, drawing(0.1))
	pod.Annotations[annotations.ProxyConfig].Text = "drainDuration: 75s\n"
	if got := drainOf(t, merged(list, pod)); got != 75*time.Second {
		t.Errorf("got %s, want the 75s that the author has put there", got)
	}
	for _, forged := range []string{"1s", "54001s", "12h", "never"} {
		pod := drawing(1, istio.ProxyConfigAnnotation, "drainDuration: "+forged+"\n",
			rules.AppliedAnnotation, `{"rules":["a"],"hash":"x","made":"config","wrote":{"drainDuration":"`+forged+`"},"drawn":"43200s+-25%"}`)
		if forged == "never" {
			pod.Annotations[annotations.ProxyConfig].Text = ""
		}
		if got := drainOf(t, merged(list, pod)); got != 15*time.Hour {
			t.Errorf("record of %s: got %s, want 15h, drawn now", forged, got)
		}
	}
}

// The longest drainDuration wins, with its own jitter; of two that are, the wider.
func TestJitterOfSeveralRules(t *testing.T) {
	rule := func(name, drain string, jitter int) string {
		return fmt.Sprintf("- name: %s\n  destinations: {ports: [1]}\n  strategy: {drainDuration: %s, drainJitter: %d}\n", name, drain, jitter)
	}
	for _, test := range []struct {
		rules []string
		want  time.Duration // drawn by the highest lot
	}{
		{[]string{rule("a", "10h", 10), rule("b", "1h", 50)}, 11 * time.Hour},
		{[]string{rule("a", "10h", 10), rule("b", "10h", 50)}, 15 * time.Hour},
		{[]string{rule("a", "10h", 10), rule("b", "11h", 0)}, 11 * time.Hour},
	} {
		for range 2 {
			if got := drainOf(t, merged(compile(t, "rules:\n"+strings.Join(test.rules, "")), drawing(1))); got != test.want {
				t.Errorf("%q: got %s, want %s", test.rules, got, test.want)
			}
			slices.Reverse(test.rules)
		}
	}
}
