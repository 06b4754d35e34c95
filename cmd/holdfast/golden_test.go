package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	"github.com/holdfast-mesh/holdfast/test/reviews"
	"github.com/holdfast-mesh/holdfast/test/written"
)

var update = flag.Bool("update", false, "write the expected files of testdata/golden anew")

// runCLI runs the program and returns what it printed.
func runCLI(t *testing.T, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	var out, errs bytes.Buffer
	err := run(context.Background(), append([]string{"holdfast"}, args...), strings.NewReader(""), &out, &errs)
	code = report(err, &errs)
	return out.String(), errs.String(), code
}

// goldenCases are the folders of testdata/golden: rules.yaml, input.yaml, and
// optionally flags, against want.yaml and want.txt.
func goldenCases(t *testing.T) []string {
	t.Helper()
	dirs, err := filepath.Glob("testdata/golden/*")
	if err != nil || len(dirs) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	return dirs
}

// caseArgs are the arguments that the command line gets for a case.
func caseArgs(t *testing.T, dir string) (args []string, flags bool) {
	t.Helper()
	args = []string{"-f", filepath.Join(dir, "rules.yaml")}
	text, err := os.ReadFile(filepath.Join(dir, "flags"))
	if err == nil {
		args = append(args, strings.Fields(string(text))...)
	}
	return append(args, filepath.Join(dir, "input.yaml")), err == nil
}

// What patch and explain print for each case; a stale file fails.
func TestGolden(t *testing.T) {
	for _, dir := range goldenCases(t) {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			args, _ := caseArgs(t, dir)
			patched, _, code := runCLI(t, append([]string{"patch"}, args...)...)
			if code != 0 {
				t.Fatalf("patch: exit code %d", code)
			}
			explained, stderr, code := runCLI(t, append([]string{"explain"}, args...)...)
			if code != 0 {
				t.Fatalf("explain: exit code %d, %s", code, stderr)
			}
			const writes = "go test ./cmd/holdfast -run Golden -update"
			written.Check(t, filepath.Join(dir, "want.yaml"), patched, writes, *update)
			written.Check(t, filepath.Join(dir, "want.txt"), explained, writes, *update)
		})
	}
}

// Patching what was patched changes nothing.
func TestGoldenPatchedTwice(t *testing.T) {
	for _, dir := range goldenCases(t) {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			args, _ := caseArgs(t, dir)
			once, _, _ := runCLI(t, append([]string{"patch"}, args...)...)
			again := filepath.Join(t.TempDir(), "once.yaml")
			if err := os.WriteFile(again, []byte(once), 0o600); err != nil {
				t.Fatal(err)
			}
			args[len(args)-1] = again
			twice, _, code := runCLI(t, append([]string{"patch"}, args...)...)
			if code != 0 {
				t.Fatalf("patching the result: exit code %d", code)
			}
			if diff := cmp.Diff(once, twice); diff != "" {
				t.Errorf("the second patch changed something (-once +twice):\n%s", diff)
			}
		})
	}
}

// The webhook and the command line give a pod the same annotations, for every
// case and for the shipped examples.
func TestWebhookAgreesWithPatch(t *testing.T) {
	type comparison struct{ rules, input string }
	var comparisons []comparison
	for _, dir := range goldenCases(t) {
		if _, flags := caseArgs(t, dir); flags {
			continue // what the flags say of namespaces, a webhook without a cluster cannot know
		}
		comparisons = append(comparisons, comparison{filepath.Join(dir, "rules.yaml"), filepath.Join(dir, "input.yaml")})
	}
	examples, err := filepath.Glob("../../deploy/examples/pods/*.yaml")
	if err != nil || len(examples) == 0 {
		t.Fatalf("no examples: %v", err)
	}
	for _, example := range examples {
		comparisons = append(comparisons, comparison{"../../deploy/examples/rules.yaml", example})
	}
	for _, c := range comparisons {
		t.Run(strings.ReplaceAll(c.input, "/", "_"), func(t *testing.T) {
			// Namespace objects tell the command line what the webhook cannot know.
			input := withoutNamespaces(t, c.input)
			patched, stderr, code := runCLI(t, "patch", "-f", c.rules, input)
			if code != 0 {
				t.Fatalf("patch: exit code %d: %s", code, stderr)
			}
			server := startWebhook(t, c.rules)
			before, after := podsOf(t, input, nil), podsOf(t, "patched.yaml", []byte(patched))
			for i, pod := range before {
				answer, err := reviews.Send(t.Context(), server.client, server.url, pod)
				if err != nil {
					t.Fatal(err)
				}
				if !answer.Allowed {
					t.Errorf("pod %d was denied", i)
				}
				got, err := reviews.Apply(pod, answer)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(nonNil(after[i].Annotations), nonNil(got.Annotations)); diff != "" {
					t.Errorf("pod %d (-patch +webhook):\n%s", i, diff)
				}
				// Nothing but annotations may differ.
				got.Annotations = pod.Annotations
				if diff := cmp.Diff(pod, got); diff != "" {
					t.Errorf("pod %d: more than annotations changed (-before +after):\n%s", i, diff)
				}
			}
		})
	}
}

func nonNil(m map[string]string) map[string]string {
	if m == nil {
		return map[string]string{}
	}
	return maps.Clone(m)
}

func podsOf(t *testing.T, path string, data []byte) []*corev1.Pod {
	t.Helper()
	if data == nil {
		var err error
		if data, err = os.ReadFile(path); err != nil {
			t.Fatal(err)
		}
	}
	pods, err := reviews.Pods(path, data)
	if err != nil {
		t.Fatal(err)
	}
	if len(pods) == 0 {
		t.Fatalf("no pods in %s", path)
	}
	return pods
}

// withoutNamespaces returns a manifest without its Namespace documents.
func withoutNamespaces(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	documents := strings.Split(string(data), "\n---\n")
	kept := slices.DeleteFunc(slices.Clone(documents), func(d string) bool { return strings.Contains(d, "kind: Namespace") })
	if len(kept) == len(documents) {
		return path
	}
	copied := filepath.Join(t.TempDir(), "input.yaml")
	if err := os.WriteFile(copied, []byte(strings.Join(kept, "\n---\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	return copied
}

// The other outputs of patch say the same as the text.
func TestPatchOutputsAgree(t *testing.T) {
	for _, dir := range goldenCases(t) {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			args, _ := caseArgs(t, dir)
			text, _, _ := runCLI(t, append([]string{"patch"}, args...)...)
			object, _, code := runCLI(t, append([]string{"patch", "-o", "json"}, args...)...)
			if code != 0 {
				t.Fatalf("-o json: exit code %d", code)
			}
			want, got := podsOf(t, "text", []byte(text)), podsOf(t, "json", []byte(object))
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("-o json differs from -o yaml (-yaml +json):\n%s", diff)
			}
			diffText, _, code := runCLI(t, append([]string{"patch", "-o", "diff"}, args...)...)
			input, err := os.ReadFile(filepath.Join(dir, "input.yaml"))
			if err != nil || code != 0 {
				t.Fatalf("-o diff: exit code %d, %v", code, err)
			}
			if (diffText == "") != (text == string(input)) {
				t.Errorf("-o diff: got %q for a text that changed: %v", diffText, text != string(input))
			}
		})
	}
}

// RFC 6902 arrays, one for each document, lead to the same annotations.
func TestPatchJSONPatchApplies(t *testing.T) {
	for _, dir := range goldenCases(t) {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			args, _ := caseArgs(t, dir)
			text, _, _ := runCLI(t, append([]string{"patch"}, args...)...)
			stream, stderr, code := runCLI(t, append([]string{"patch", "-o", "jsonpatch"}, args...)...)
			if code != 0 {
				t.Fatalf("-o jsonpatch: exit code %d: %s", code, stderr)
			}
			want := podsOf(t, "text", []byte(text))
			got, err := applyStream(filepath.Join(dir, "input.yaml"), stream)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(fmt.Sprint(annotationsOf(want)), fmt.Sprint(annotationsOf(got))); diff != "" {
				t.Errorf("-o jsonpatch differs from -o yaml (-yaml +jsonpatch):\n%s", diff)
			}
		})
	}
}

func annotationsOf(pods []*corev1.Pod) (all []map[string]string) {
	for _, pod := range pods {
		all = append(all, nonNil(pod.Annotations))
	}
	return all
}
