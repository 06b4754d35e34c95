package load

import (
	"bytes"
	"encoding/json"
	"runtime"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"
)

// indented is a text of YAML as JSON of which every item begins a line.
func indented(t testing.TB, text []byte) []byte {
	t.Helper()
	var lines bytes.Buffer
	data, err := yaml.YAMLToJSON(text)
	if err == nil {
		err = json.Indent(&lines, data, "", "\t")
	}
	if err != nil {
		t.Fatal(err)
	}
	return lines.Bytes()
}

// JSON takes no more to be parsed than the same rules in YAML, by far.
func TestMemoryOfJSON(t *testing.T) {
	text := rulesOfTeams(2000)
	inJSON, err := yaml.YAMLToJSON(text)
	if err != nil {
		t.Fatal(err)
	}
	taken := func(text []byte) uint64 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if newLoader("f").parse(text) == nil {
			t.Fatal("got no tree")
		}
		runtime.ReadMemStats(&after)
		return after.TotalAlloc - before.TotalAlloc
	}
	if got, want := taken(inJSON), 2*taken(text); got > want {
		t.Errorf("got %d bytes for JSON, want at most %d", got, want)
	}
}

// What is on the first line of JSON has its place there.
func TestFirstLineOfJSON(t *testing.T) {
	for _, text := range []string{
		`{"apiVersion": "x", "kind": "Rules", "rules": [{"name": "A"}]}`,
		`{"apiVersion": "x", "kind`,
		`{"apiVersion": "x",}}`,
		`{{ .Values.rules }}: x`,
	} {
		_, got := Rules("f", []byte(text))
		_, want := Rules("f", []byte("\n"+text))
		for i := range want {
			want[i].Line--
		}
		if diff := cmp.Diff(report(want), report(got)); diff != "" {
			t.Errorf("%s: got other problems than on the second line (-second +first):\n%s", text, diff)
		}
	}
}
