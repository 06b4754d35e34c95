package manifest

import (
	"fmt"
	"strings"
	"testing"
)

// BenchmarkLarge edits large manifests of all shapes: four times the text
// takes about four times the time.
func BenchmarkLarge(b *testing.B) {
	const pod = "kind: Pod\nmetadata:\n  annotations:\n    old: é\n"
	shapes := map[string]func(n int) string{
		"documents":   func(n int) string { return strings.Repeat("---\n"+pod, n) },
		"JSON values": func(n int) string { return strings.Repeat(`{"kind":"Pod","metadata":{"annotations":{"old":"é"}}}`, n) },
		"one list in one line": func(n int) string {
			return `{"kind":"List","items":[` + strings.Repeat(`{"kind":"Pod","metadata":{"annotations":{"old":"é"}}},`, n) + "{}]}"
		},
		"one list": func(n int) string {
			return "kind: List\nitems:\n" + strings.Repeat("- "+strings.ReplaceAll(pod, "\n", "\n  ")+"\n", n)
		},
		"annotations": func(n int) string { return pod + lines(n, "    K%d: v\n") },
		"annotations in braces": func(n int) string {
			return "kind: Pod\nmetadata: {annotations: {old: é" + lines(n, ", K%d: v") + "}}\n"
		},
		"containers": func(n int) string {
			return pod + "spec:\n  containers:\n" + strings.Repeat("  - name: c\n    env: [{name: A, value: é}]\n", n)
		},
	}
	for name, shape := range shapes {
		for _, n := range []int{2500, 10_000} {
			data := []byte(shape(n))
			edit := goldenEdit
			edit.Remove = nil
			if strings.HasPrefix(name, "annotations") {
				edit.Remove = strings.Fields(lines(n, "K%d "))
			}
			b.Run(fmt.Sprintf("%s/%d", name, n), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					f, err := Parse("f", data)
					if err != nil {
						b.Fatal(err)
					}
					if _, err := f.Apply(everywhere(f, edit)); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

func lines(n int, pattern string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, pattern, i)
	}
	return b.String()
}
