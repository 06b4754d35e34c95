package load

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/holdfast-mesh/holdfast/istio"
)

func largeFile() Problems {
	_, ps := Rules("f", make([]byte, MaxFileSize+1))
	return ps
}

// manyAliases unfolds a few kilobytes to ten million ports.
func manyAliases() Problems {
	text := header + "rules:\n- name: a\n  destinations: &d {ports: [" + strings.Repeat("1,", 9999) + "1]}\n  strategy: {idleTimeout: 2h}\n"
	for i := range 1000 {
		text += fmt.Sprintf("- {name: r%d, destinations: *d, strategy: {idleTimeout: 2h}}\n", i)
	}
	_, ps := Rules("f", []byte(text))
	return ps
}

func manyValues() Problems { return problemsOf("[" + strings.Repeat("{},", maxLineMarks/2) + "]") }

func problemsOf(text string) Problems {
	_, ps := Rules("f", []byte(text))
	return ps
}

func manyProblems() Problems {
	_, ps := Rules("f", []byte(header+"rules: ["+strings.Repeat("x,\n", maxProblems+5)+"]\n"))
	return ps
}

// Warnings that are too many to be listed keep no file from use.
func TestManyWarnings(t *testing.T) {
	var text strings.Builder
	text.WriteString(header + "rules:\n")
	for i := range maxProblems + 5 {
		fmt.Fprintf(&text, "- {name: r%d, destinations: {ports: [%d]}, strategy: {idleTimeout: 2h, scope: Destinations}}\n", i, i+1)
	}
	file, problems := Rules("f", []byte(text.String()))
	if last := problems[len(problems)-1]; file == nil || len(problems) != maxProblems+1 || last.Code != tooManyProblems || last.Severity != Warning {
		t.Errorf("got a file: %t, %d problems, the last one %s; want a file, %d and a warning %s", file != nil, len(problems), last, maxProblems+1, tooManyProblems)
	}
}

// Of a file with very many mistakes no more is read than is told of.
func TestReadingEndsWithTheLastProblem(t *testing.T) {
	l := newLoader("f")
	l.file(l.parse([]byte(repeat(2_000_000, func(i int) string { return fmt.Sprintf("k%d: 1\n", i) }))))
	if l.values > 2*maxProblems {
		t.Errorf("read %d values of a file with more than %d mistakes, want it to end there", l.values, maxProblems)
	}
}

// Limits end a load early, with one problem that says so.
func TestLimits(t *testing.T) {
	for _, limit := range []struct {
		code     Code
		problems Problems
	}{
		{fileTooLarge, largeFile()},
		{tooManyAliases, manyAliases()},
		{tooManyProblems, manyProblems()},
		{tooManyValues, manyValues()},
		{tooManyValues, problemsOf(strings.Repeat("- a: 1\n", maxMarks/2+1))},
		{tooManyValues, problemsOf(strings.Repeat("-\n", maxMarks+1))},
	} {
		n, code, problems := 0, limit.code, limit.problems
		for _, p := range problems {
			if p.Code == code {
				n++
			}
		}
		if n != 1 || len(problems) > maxProblems+1 {
			t.Errorf("got %d of %d problems with code %s, want one", n, len(problems), code)
		}
	}
}

// repeat joins what text gives for 0, 1, ... until there are n bytes.
func repeat(n int, text func(i int) string) string {
	var b strings.Builder
	for i := 0; b.Len() < n; i++ {
		b.WriteString(text(i))
	}
	return b.String()
}

// Whatever a text holds, four times as much of it takes about four times as long:
// each of these took seconds to minutes when problems were worked out that
// nobody sees, texts behind aliases were read again and again, or lists were
// compared item by item.
func TestTimeIsLinear(t *testing.T) {
	destinations := func(list string) string {
		return oneRule("destinations: {"+list+"}", "strategy: {idleTimeout: 48h}")
	}
	workloads := func(text string) string {
		return oneRule("destinations: {ports: [1]}", "strategy: {idleTimeout: 48h}", "workloads: "+text)
	}
	same := func(text string) func(int) string { return func(int) string { return text } }
	number := func(format string) func(int) string {
		return func(i int) string { return strings.ReplaceAll(format, "#", fmt.Sprint(i)) }
	}
	conditions := "{podSelector: {matchExpressions: [" + repeat(1800, number("{key: k#, operator: Exists},")) + "]}, namespaceSelector: {matchExpressions: [{key: a, operator: %s}]}}"
	texts := func(size int) map[string]string {
		return map[string]string{
			"unknown keys":              repeat(size, number("k#: 1\n")),
			"unknown keys in a line":    "{" + repeat(size, same("a,")) + "}",
			"unknown keys of a rule":    header + "rules:\n- name: a\n" + repeat(size, number("  k#: 1\n")),
			"duplicate keys":            header + repeat(size, same("mode: x\n")),
			"rules without anything":    header + "rules: [" + repeat(size, same("{},")) + "]",
			"bad networks":              destinations("cidrs: [" + repeat(size, same("x1,")) + "]"),
			"bad hosts":                 destinations("hosts: [" + repeat(size, same("_,")) + "]"),
			"bad ports":                 destinations("ports: [" + repeat(size, same("x,")) + "]"),
			"bad middleware":            destinations("middleware: [" + repeat(size, same("x,")) + "]"),
			"a host of dots":            destinations("hosts: [\"" + repeat(size, same(".")) + "\"]"),
			"hosts of dots":             destinations("hosts: [" + repeat(size, same("\""+repeat(2000, same("."))+"\",")) + "]"),
			"bad labels":                workloads("{podSelector: {matchLabels: {" + repeat(size, number("_#: a,")) + "}}}"),
			"long lists of values":      workloads("{podSelector: {matchExpressions: [{key: a, operator: In, values: [" + repeat(size/2, number("a#,")) + "]}, {key: a, operator: In, values: [" + repeat(size/2, number("b#,")) + "]}]}}"),
			"a long text used often":    header + "mode: &a \"" + repeat(size/2, same("x")) + "\"\nmesh: {excludeOutboundIPRanges: [" + repeat(size/2, same("*a,")) + "]}\n",
			"a long key merged often":   header + "x: &a {? \"" + repeat(size/2, same("x")) + "\" : 1}\nrules:\n" + repeat(size/2, same("- <<: *a\n")),
			"selectors compared often":  header + "rules:\n- {name: a, destinations: &d {ports: [1]}, workloads: &w " + fmt.Sprintf(conditions, "Exists") + ", strategy: {idleTimeout: 48h}}\n- {name: b, destinations: *d, workloads: &u " + fmt.Sprintf(conditions, "DoesNotExist") + ", strategy: {idleTimeout: 24h}}\n" + repeat(size/2, number("- {name: r#, destinations: *d, workloads: *u, strategy: {idleTimeout: 24h}}\n- {name: s#, destinations: *d, workloads: *w, strategy: {idleTimeout: 48h}}\n")),
			"many patterns":             header + "rules:\n- {name: a, destinations: &d {ports: [1000,1977,2954,3931,4908,5885,6862,7839,8816,9793,10770,11747,12724,13701,14678,15655,16632,17609,18586,19563], cidrs: [10.0.0.0/17,10.7.0.0/18,10.14.0.0/19,10.21.0.0/20,10.28.16.0/21,10.35.24.0/22,10.42.30.0/23,10.49.35.0/24]}, strategy: &s {idleTimeout: 48h, scope: Destinations}}\n" + repeat(size, number("- {name: r#, destinations: *d, strategy: *s}\n")),
			"many namespaces and ports": header + "rules:\n- {name: a, destinations: &d {ports: [\"1-32\"]}, workloads: &w {namespaces: [" + repeat(2000, number("n#,")) + "]}, strategy: {idleTimeout: 48h}}\n" + repeat(size/2, number("- {name: r#, destinations: *d, workloads: *w, strategy: {idleTimeout: 48h}}\n")),
		}
	}
	few := texts(30_000)
	for name, text := range texts(4 * 30_000) {
		t.Run(name, func(t *testing.T) {
			var short, long time.Duration
			for range 3 { // the garbage collector comes as it likes
				short, long = loadingTime(t, few[name]), loadingTime(t, text)
				if long < 8*short+150*time.Millisecond {
					return
				}
			}
			t.Errorf("loading %d bytes took %v, %d bytes %v: want four times as long, not sixteen", len(few[name]), short, len(text), long)
		})
	}
}

func loadingTime(t *testing.T, text string) time.Duration {
	t.Helper()
	start := cpuTime(t)
	Rules("f", []byte(text))
	return cpuTime(t) - start
}

// cpuTime is what this process has used so far: other processes do not count.
func cpuTime(t *testing.T) time.Duration {
	t.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		t.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// networks are n different ones of 13 to 15 bytes.
func networks(n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf("10.%d.%d.0/24", 100+i>>8, i&0xff)
	}
	return list
}

func longBypass() Problems {
	_, ps := Rules("f", []byte(oneRule("destinations: {cidrs: ["+strings.Join(networks(7900), ",")+"]}", "strategy: {bypass: CIDRs}")))
	return ps
}

// A bypass list may be as long as one argument of istio-init; the same networks
// are no trouble where they become no argument.
func TestLongestBypass(t *testing.T) {
	size := func(list []string) int { return len(strings.Join(list, ",")) }
	over := networks(7000)
	for size(over[:len(over)-1]) > istio.MaxValueBytes {
		over = over[:len(over)-1]
	}
	most := over[:len(over)-1]
	if istio.MaxValueBytes != 96<<10 || size(over) <= istio.MaxValueBytes || size(over) > istio.MaxValueBytes+20 {
		t.Fatalf("got a list of %d bytes, want just over %d", size(over), 96<<10)
	}
	for _, test := range []struct {
		list     []string
		strategy string
		want     bool
	}{
		{most, "bypass: CIDRs", true},
		{over, "bypass: CIDRs", false},
		{over, "idleTimeout: 48h", true},
	} {
		file, problems := Rules("f", []byte(oneRule("destinations: {cidrs: ["+strings.Join(test.list, ",")+"]}", "strategy: {"+test.strategy+"}")))
		if got := file != nil; got != test.want {
			t.Errorf("%s with a list of %d bytes: got it accepted: %t, want %t\n%.300s", test.strategy, size(test.list), got, test.want, report(problems))
		}
	}
}
