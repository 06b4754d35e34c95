package proxyconfig

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/holdfast-mesh/holdfast/istio"
)

// hostileTexts are as large as an annotation can be, and written to cost as
// much as they can, by shape.
func hostileTexts() map[string]string {
	const size = 256 << 10
	fill := func(before, repeated, after string) string {
		return before + strings.Repeat(repeated, (size-len(before)-len(after))/len(repeated)) + after
	}
	bomb := func(name string, length int) string {
		text := name + ": &b " + strings.Repeat("y", length) + "\nz: ["
		return text + strings.Repeat("*b,", (length-3)/3) + "*b]\n"
	}
	keys := func(count int, pattern string) string {
		var b strings.Builder
		b.WriteString("proxyMetadata:\n")
		for i := 0; i < count && b.Len() < size-len(pattern)-8; i++ {
			fmt.Fprintf(&b, pattern, i)
		}
		return b.String()
	}
	merges := "m0: &m0 {a: b}\n"
	for i := 1; i < 40; i++ {
		merges += fmt.Sprintf("m%d: &m%d {<<: [*m%d, *m%d], k%d: v}\n", i, i, i-1, i-1, i)
	}
	return map[string]string{
		"aliases of a long scalar, 40 KB":  bomb("b", 20<<10),
		"aliases of a long scalar, 70 KB":  bomb("b", 35<<10),
		"aliases of a long scalar, 220 KB": bomb("b", 110<<10),
		"aliases of aliases":               "a: &a [x,x]\n" + strings.Join(strings.Split("b: &b [*a,*a]\nc: &c [*b,*b]\nd: &d [*c,*c]\n", "\n"), "\n") + fill("e: [", "*d,", "*d]\n"),
		"merges of merges":                 merges + "proxyMetadata:\n  <<: *m39\n",
		"an alias inside itself":           "x: &x [*x, a]\nproxyMetadata: {A: b}\n",
		"one line in flow style":           fill("{a: [", "é,", "é], proxyMetadata: {A: b}}"),
		"one line of keys in braces":       fill("proxyMetadata: {", "K: é, ", "A: b}"),
		"one line of pairs":                fill("a: [", "é: é,", "a: b]"),
		"16,000 keys":                      keys(16000, "  K%d: \"v\"\n"),
		"2,000 keys":                       keys(2000, "  KEY_%d: \"v\"\n"),
		"2,000 keys that look odd":         keys(2000, "  %d_Ä: \"ö\"\n"),
		"2,000 keys of holdfast":           keys(2000, "  ISTIO_META_HOLDFAST_%d: \"v\"\n"),
		"unknown keys":                     fill("", "a: b\n", "c: d\n"),
		"empty items":                      fill("a:\n", "-\n", ""),
		"brackets":                         fill("a: ", "[", ""),
		"9,000 brackets, closed":           "a: " + strings.Repeat("[", 9000) + strings.Repeat("]", 9000),
		"comments":                         fill("a: b\n", "# c\n", ""),
		"comments between items":           fill("a:\n", "- a #\n", ""),
		"one long plain text":              fill("proxyMetadata:\n  A: ", "b ", "c\n"),
		"one long text in quotes":          fill("proxyMetadata:\n  A: \"", "é", "\"\n"),
		"a block of blank lines":           fill("proxyMetadata:\n  A: |+\n", "\n", "\n"),
		"anchors":                          fill("a: [", "&a a,", "a]"),
		"tags":                             fill("a: [", "!!str a,", "a]"),
		"questions":                        fill("a:\n", " ? a\n", ""),
		"JSON":                             fill("{", "\"a\":1,", "\"proxyMetadata\":{}}"),
		"larger than all annotations":      fill("", "a: b\n", "") + strings.Repeat(" ", 1<<20),
	}
}

// No text that fits into a pod costs much, whatever it holds. BenchmarkHostile
// shows how long each takes.
func TestHostileTextsAreBounded(t *testing.T) {
	const most = 32 << 20
	for name, text := range hostileTexts() {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			tryEdit(text)
			runtime.ReadMemStats(&after)
			if used := after.TotalAlloc - before.TotalAlloc; used > most {
				t.Errorf("got %d KiB allocated, want at most %d", used>>10, most>>10)
			}
		})
	}
}

func BenchmarkHostile(b *testing.B) {
	for name, text := range hostileTexts() {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				tryEdit(text)
			}
		})
	}
}

func tryEdit(text string) (string, error) {
	config, err := Parse(text)
	if err != nil {
		return "", err
	}
	edit := Edit{SetMetadata: map[string]string{istio.IdleTimeoutMetadata: "48h"}, SetFields: map[Field]string{DrainDuration: "43200s"}}
	for _, key := range config.MetadataKeys() {
		if strings.HasPrefix(key, istio.HoldfastMetadataPrefix) {
			edit.RemoveMetadata = append(edit.RemoveMetadata, key)
		}
	}
	return config.Edit(edit)
}

// What stands for too much is left alone for that reason, not because Istio
// would reject it.
func TestTooMuchIsNotRead(t *testing.T) {
	texts := hostileTexts()
	for _, name := range []string{
		"aliases of a long scalar, 40 KB", "aliases of a long scalar, 70 KB", "aliases of a long scalar, 220 KB",
		"merges of merges", "an alias inside itself", "one line in flow style", "16,000 keys", "unknown keys", "larger than all annotations",
	} {
		if _, err := tryEdit(texts[name]); !errors.Is(err, ErrTooMuch) {
			t.Errorf("%s: got %v, want ErrTooMuch", name, err)
		}
	}
	for _, name := range []string{"2,000 keys", "2,000 keys of holdfast", "one long plain text"} {
		if _, err := tryEdit(texts[name]); err != nil {
			t.Errorf("%s: got %v, want it edited", name, err)
		}
	}
}

// A warning has room for 119 bytes, of which these come first.
func TestTooMuchIsSaidInAWarning(t *testing.T) {
	room := 119 - len("holdfast: proxy.istio.io/config left alone, no safe edit: ")
	for name, text := range hostileTexts() {
		if _, err := Parse(text); errors.Is(err, ErrTooMuch) && len(err.Error()) > room {
			t.Errorf("%s: got %d bytes, %q, want at most %d", name, len(err.Error()), err, room)
		}
	}
}
