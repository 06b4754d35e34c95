package admission

import (
	"encoding/json"
	"net/http"
	"runtime"
	"strings"
	"testing"

	"github.com/holdfast-mesh/holdfast/istio"
	"github.com/holdfast-mesh/holdfast/rules"
)

// hostilePods are pods as large as an API server takes, by what they are full
// of. istio/proxyconfig has many more texts for the annotation that is YAML.
func hostilePods(tb testing.TB) map[string]string {
	const annotation, object = 250 << 10, 1400 << 10
	fill := func(before, repeated, after string, size int) string {
		return before + strings.Repeat(repeated, (size-len(before)-len(after))/len(repeated)) + after
	}
	pod := func(annotations map[string]string, env, arg string) string {
		text, err := json.Marshal(map[string]any{
			"metadata": map[string]any{"name": "p", "annotations": annotations, "labels": map[string]string{"db": "mysql"}},
			"spec": map[string]any{"containers": []any{map[string]any{
				"name": "c", "args": []string{arg}, "env": []any{map[string]string{"name": "X_URL", "value": env}},
			}}},
		})
		if err != nil {
			tb.Fatal(err)
		}
		return reviewOf(string(text))
	}
	annotated := func(key, value string) string {
		return pod(map[string]string{key: value, rules.MiddlewareAnnotation: "redis"}, "", "")
	}
	return map[string]string{
		"aliases of one text":     annotated(istio.ProxyConfigAnnotation, fill("b: &b "+strings.Repeat("y", 110<<10)+"\nz: [", "*b,", "*b]", annotation)),
		"one line in braces":      annotated(istio.ProxyConfigAnnotation, fill("{a: [", "é,", "é]}", annotation)),
		"keys of proxyMetadata":   annotated(istio.ProxyConfigAnnotation, fill("proxyMetadata:\n", "  K: \"v\"\n", "", annotation)),
		"one long value":          annotated(istio.ProxyConfigAnnotation, fill("proxyMetadata:\n  K: \"", "v ", "\"\n", annotation)),
		"ports":                   pod(map[string]string{istio.ExcludeOutboundPortsAnnotation: fill("1", ",65535", "", annotation)}, "", ""),
		"networks":                annotated(istio.ExcludeOutboundIPRangesAnnotation, fill("10.0.0.0/8", ",2001:db8::/32", "", annotation)),
		"declared middleware":     pod(map[string]string{rules.MiddlewareAnnotation: fill("redis", ",x", "", annotation)}, "", ""),
		"templates":               annotated(istio.TemplatesAnnotation, fill("sidecar", ",x", "", annotation)),
		"addresses in a variable": pod(nil, fill("redis://a:6379", ",b:6379", "", object), ""),
		"addresses in arguments":  pod(nil, "", fill("run", " --redis=a:6379", "", object)),
		"words in arguments":      pod(nil, "", fill("run", " a", "", object)),
		"colons in a variable":    pod(nil, fill("", "a:", "", object), ""),
		"slashes in a variable":   pod(nil, fill("redis://", "/", "", object), ""),
		"at signs in a variable":  pod(nil, fill("redis://", "@", "", object), ""),
		"braces in a variable":    pod(nil, fill("", "{\"", "", object/2), ""),
		"quotes in arguments":     pod(nil, "", fill("", "\"'", "", object/2)),
	}
}

// No pod costs much, whatever it holds: it is admitted, and takes little more
// memory than it is long. BenchmarkHostilePods shows how long each takes.
func TestHostilePodsAreBounded(t *testing.T) {
	const most = 32 << 20
	for name, body := range hostilePods(t) {
		t.Run(name, func(t *testing.T) {
			h := newPodHandler(t, testRules)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			recorded := post(h, body)
			runtime.ReadMemStats(&after)
			if used := after.TotalAlloc - before.TotalAlloc; used > most {
				t.Errorf("got %d KiB allocated for a review of %d KiB, want at most %d", used>>10, len(body)>>10, most>>10)
			}
			if recorded.Code != http.StatusOK || !strings.Contains(recorded.Body.String(), `"allowed":true`) {
				t.Errorf("got status %d and %.200s, want the pod admitted", recorded.Code, recorded.Body)
			}
		})
	}
}

func BenchmarkHostilePods(b *testing.B) {
	for name, body := range hostilePods(b) {
		b.Run(name, func(b *testing.B) {
			h := newPodHandler(b, testRules)
			b.ReportAllocs()
			for b.Loop() {
				post(h, body)
			}
		})
	}
}
