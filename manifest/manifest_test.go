package manifest

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/holdfast-mesh/holdfast/rules"
)

func parse(t *testing.T, text string) *File {
	t.Helper()
	f, err := Parse("test.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestFacts(t *testing.T) {
	f := parse(t, `apiVersion: batch/v1
kind: CronJob
metadata: {name: nightly, namespace: shop}
spec:
  jobTemplate:
    spec:
      template:
        metadata:
          labels: {app: x, version: 2}
          annotations: {note: null, count: 3}
        spec:
          hostNetwork: true
          containers:
          - name: main
            command: [sh, -c]
            args: ["run", 1]
            env:
            - {name: PORT, value: 6379}
            - name: SECRET
              valueFrom: {secretKeyRef: {name: s, key: k}}
          initContainers:
          - name: init
---
kind: Namespace
metadata: {name: shop, labels: {tier: backend}}
`)
	want := []Template{{
		APIVersion: "batch/v1", Kind: "CronJob", Name: "nightly", Namespace: "shop", Line: 1,
		Pointer: "/spec/jobTemplate/spec/template", HasAnnotations: true, HasMetadata: true,
		Pod: rules.Pod{
			Namespace:   rules.Namespace{Name: "shop"},
			Name:        "nightly-", // as the controller's generateName
			Labels:      map[string]string{"app": "x", "version": "2"},
			Annotations: map[string]string{"note": "", "count": "3"},
			HostNetwork: true,
			Size:        244,
			Containers: []rules.Container{
				{Name: "init"}, // init containers come first
				{
					Name: "main", Command: []string{"sh", "-c"}, Args: []string{"run", "1"},
					Env: []rules.EnvVar{{Name: "PORT", Value: "6379"}, {Name: "SECRET", ValueFrom: &rules.ValueFrom{SecretKeyRef: rules.KeyRef{Name: "s", Key: "k"}}}},
				},
			},
		},
	}}
	if diff := cmp.Diff(want, f.Templates()); diff != "" {
		t.Errorf("facts differ (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]map[string]string{"shop": {"tier": "backend"}}, f.Namespaces()); diff != "" {
		t.Errorf("namespaces differ (-want +got):\n%s", diff)
	}
}

func TestPlaces(t *testing.T) {
	f := parse(t, "# comment\n---\n---\nkind: List\nitems:\n- kind: Pod\n  metadata: {name: a}\n- kind: Job\n  spec: {template: {spec: {containers: []}}}\n- {kind: ConfigMap}\n")
	var got []string
	for _, template := range f.Templates() {
		got = append(got, fmt.Sprintf("%d %d %s %v %v", template.Line, template.Document, template.Pointer, template.HasMetadata, template.HasAnnotations))
	}
	// The document between two markers has no content and counts.
	want := []string{"6 1 /items/0 true false", "8 1 /items/1/spec/template false false"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("places differ (-want +got):\n%s", diff)
	}
	objects, err := Objects("manifest", f.data)
	if err != nil || len(objects) != 2 || string(objects[0]) != "null" {
		t.Errorf("got objects %s (%v), want null and the list", objects, err)
	}
}

func TestErrorsHavePlaces(t *testing.T) {
	_, err := Parse("test.yaml", []byte("a: 1\n---\nb: [\n"))
	var problem *Error
	if !errors.As(err, &problem) || problem.File != "test.yaml" || problem.Line != 4 {
		t.Errorf("got %v, want a *Error in line 4", err)
	}
}

// drawManifest writes a manifest in one of the many ways to write it.
func drawManifest(t *rapid.T) string {
	pick := func(label string, texts ...string) string { return rapid.SampledFrom(texts).Draw(t, label) }
	var b strings.Builder
	for range rapid.IntRange(1, 3).Draw(t, "documents") {
		b.WriteString(pick("start", "---\n", "---\n# comment\n", "---\n\n"))
		step := pick("step", "  ", "    ", " ")
		annotations := "annotations:" + pick("annotations",
			"", " {}", " null # none", " ~", " {old: x}", " {\"old\": 'x', b: y}",
			"\nI  # first\nI  old: x # c\nI  'z': \"q\\\"\"\n", "\nI  old: |\nI    a\n\nI     b\n\nI  z: >-\nI      folded\nI      text\n",
			"\nI  old: several\nI    words\nI  proxy.istio.io/config: |-\nI    concurrency: 2", "\nI  old:\nI  b: 'it''s'", "\nI  ? old\nI  : x")
		metadata := pick("metadata", "", "metadata:\n", "metadata: {}\n", "metadata: {name: x, labels: {app: x}}\n",
			"metadata:\nSname: x\nSI\n", "metadata:\nSI\nSlabels:\nSSapp: x\n\n", "# m\nmetadata:\nS# c\nSlabels: {app: x} # d\nSI\n# end\n")
		metadata = strings.ReplaceAll(metadata, "I", strings.ReplaceAll(strings.TrimSuffix(annotations, "\n"), "I", step))
		metadata = strings.ReplaceAll(metadata, "S", step)
		body := metadata + "spec:\n" + step + "containers:\n" + step + "- name: c # ü\n"
		if rapid.Bool().Draw(t, "pod") {
			b.WriteString("kind: Pod\n" + body)
		} else {
			b.WriteString("kind: Deployment\nspec:\n" + step + "template:\n")
			for line := range strings.SplitAfterSeq(body, "\n") {
				if strings.TrimSpace(line) != "" {
					b.WriteString(step + step)
				}
				b.WriteString(line)
			}
		}
	}
	text := b.String()
	if rapid.Bool().Draw(t, "cut") {
		text = strings.TrimRight(text, "\n")
	}
	if rapid.Bool().Draw(t, "crlf") {
		text = strings.ReplaceAll(text, "\n", "\r\n")
	}
	return text
}

func drawEdit(t *rapid.T) Edit {
	var edit Edit
	for _, key := range []string{"old", "b", "holdfast.dev/applied", "proxy.istio.io/config"} {
		switch rapid.IntRange(0, 3).Draw(t, key) {
		case 0, 1:
			value := rapid.OneOf(
				rapid.SampledFrom([]string{"", "new", "6379", "true", "a: b", "# x", "it's", `"q"`, "a\n", "a\nb", "a\n\nb\n", "  a\nb\n", "a\n\n", "\n", "tab\there", "\u0085", "\u2028x", "- a", "$(X)", "concurrency: 2\nproxyMetadata:\n  A: \"1\"\n"}),
				rapid.String()).Draw(t, "value")
			edit.Set = append(edit.Set, rules.Annotation{Key: key, Value: strings.ToValidUTF8(value, "")})
		case 2:
			edit.Remove = append(edit.Remove, key)
		}
	}
	return edit
}

// checkApply holds what every edit promises; a refusal is only for those that
// may be refused.
func checkApply(t interface {
	Fatalf(string, ...any)
	Helper()
}, data []byte, edit Edit, mayRefuse bool,
) {
	t.Helper()
	f, err := Parse("test.yaml", data)
	if err != nil {
		return
	}
	out, err := f.Apply(everywhere(f, edit))
	if err != nil {
		if !mayRefuse {
			t.Fatalf("got %v, want it edited:\n%s", err, data)
		}
		return
	}
	after, err := Parse("test.yaml", out)
	if err != nil {
		t.Fatalf("the result does not parse: %v\n%s", err, out)
	}
	for i, template := range after.Templates() {
		want := map[string]string{}
		for key, value := range f.Templates()[i].Pod.Annotations {
			want[key] = value
		}
		for _, key := range edit.Remove {
			delete(want, key)
		}
		for _, a := range edit.Set {
			want[a.Key] = a.Value
		}
		got := template.Pod.Annotations
		if len(got) == 0 && len(want) == 0 {
			continue
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("annotations differ (-want +got):\n%s\nin:\n%s\nout:\n%s", diff, data, out)
		}
	}
	if again, err := after.Apply(everywhere(after, edit)); err != nil || !bytes.Equal(again, out) {
		t.Fatalf("a second edit changes the text (%v):\n%s\n%s", err, out, again)
	}
	if same, err := f.Apply(nil); err != nil || !bytes.Equal(same, data) {
		t.Fatalf("no edit changes the text (%v):\n%s", err, same)
	}
}

func TestEditsOfAnyLayout(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text, edit := drawManifest(t), drawEdit(t)
		checkApply(t, []byte(text), edit, strings.Contains(text, "? old"))
		// Comments are in no annotation, so each is still there.
		f, err := Parse("test.yaml", []byte(text))
		if err != nil {
			t.Fatalf("got %v, want a manifest:\n%s", err, text)
		}
		if out, err := f.Apply(everywhere(f, Edit{Set: edit.Set})); err == nil {
			for _, comment := range []string{"# first", "# comment", "# m", "# c", "# d", "# end", "# none", "# ü"} {
				if got, want := bytes.Count(out, []byte(comment)), strings.Count(text, comment); got < want {
					t.Fatalf("got %d times %q, want %d:\n%s\n%s", got, comment, want, text, out)
				}
			}
		}
	})
}

func FuzzParseApply(f *testing.F) {
	f.Add([]byte("kind: Pod\nmetadata:\n  annotations:\n    old: |\n      a\n"), "old", "new\nvalue\n")
	f.Add([]byte(`{"kind":"Pod","metadata":{"annotations":{"a":"b"}}}{"kind":"Pod"}`), "k", "v")
	f.Add([]byte("kind: Deployment\nspec: {template: {metadata: &a {labels: *a}, spec: {containers: []}}}\n"), "k", "v")
	f.Fuzz(func(t *testing.T, data []byte, key, value string) {
		edit := Edit{Set: []rules.Annotation{{Key: strings.ToValidUTF8(key, ""), Value: strings.ToValidUTF8(value, "")}}}
		checkApply(t, data, edit, true)
		_, _ = Objects("manifest", data)
	})
}

func BenchmarkParseApply(b *testing.B) {
	document := "---\nkind: Deployment\nspec:\n  template:\n    metadata:\n      labels:\n        app: x\n    spec:\n      containers:\n      - name: c\n        env:\n" +
		strings.Repeat("        - name: ABCDEFGH\n          value: some value # comment\n", 30)
	data := []byte(strings.Repeat(document, 100))
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		f, err := Parse("bench.yaml", data)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := f.Apply(everywhere(f, goldenEdit)); err != nil {
			b.Fatal(err)
		}
	}
}

// The last line of defence: whatever a splice does, a text that differs in
// more than the edited annotations does not leave Apply.
func TestEditsAreVerified(t *testing.T) {
	f := parse(t, "kind: Pod\nmetadata:\n  labels: {a: b}\n  annotations: {old: x}\nspec: {n: 1}\n")
	for _, test := range []struct {
		rule, text string
		ok         bool
	}{
		{"the annotation that was meant", "kind: Pod\nmetadata:\n  labels: {a: b}\n  annotations: {old: new}\nspec: {n: 1}\n", true},
		{"another value", "kind: Pod\nmetadata:\n  labels: {a: b}\n  annotations: {old: y}\nspec: {n: 1}\n", false},
		{"a label", "kind: Pod\nmetadata:\n  labels: {a: c}\n  annotations: {old: new}\nspec: {n: 1}\n", false},
		{"a type", "kind: Pod\nmetadata:\n  labels: {a: b}\n  annotations: {old: new}\nspec: {n: \"1\"}\n", false},
		{"no YAML", "kind: Pod\nmetadata: [\n", false},
	} {
		edits := []Edit{{Set: []rules.Annotation{{Key: "old", Value: "new"}}}}
		problem := verify(f.documents[0], test.text, f.templates, edits)
		if (problem == nil) != test.ok {
			t.Errorf("%s: got %v, want accepted: %v", test.rule, problem, test.ok)
		}
	}
}

// Where a pod's texts come from that it does not hold itself.
func TestSources(t *testing.T) {
	f := parse(t, `
kind: Pod
metadata: {name: cart}
spec:
  containers:
  - name: cart
    envFrom:
    - {prefix: A_, configMapRef: {name: a}}
    - secretRef: {name: b, optional: true}
    env:
    - {name: HOST, valueFrom: {configMapKeyRef: {name: c, key: host, optional: true}}}
    - {name: IP, valueFrom: {fieldRef: {fieldPath: status.podIP}}}
    volumeMounts:
    - {name: config, mountPath: /etc/app}
    - {name: all, mountPath: /etc/all/app.yaml, subPath: app.yaml}
  volumes:
  - {name: config, configMap: {name: d, optional: true, items: [{key: k, path: app.ini}]}}
  - {name: scratch, emptyDir: {}}
  - name: all
    projected: {sources: [{secret: {name: e}}, {configMap: {name: f}}]}
`)
	want := rules.Container{
		Name:    "cart",
		EnvFrom: []rules.EnvFrom{{Prefix: "A_", ConfigMapRef: rules.ObjectRef{Name: "a"}}, {SecretRef: rules.ObjectRef{Name: "b", Optional: true}}},
		Env: []rules.EnvVar{
			{Name: "HOST", ValueFrom: &rules.ValueFrom{ConfigMapKeyRef: rules.KeyRef{Name: "c", Key: "host", Optional: true}}},
			{Name: "IP", ValueFrom: &rules.ValueFrom{}},
		},
		VolumeMounts: []rules.VolumeMount{{Name: "config"}, {Name: "all", SubPath: "app.yaml"}},
	}
	volumes := []rules.Volume{
		{Name: "config", ConfigMap: &rules.ConfigMapVolume{Name: "d", Optional: true, Items: []rules.KeyToPath{{Key: "k", Path: "app.ini"}}}},
		{Name: "all", Projected: &rules.Projected{Sources: []rules.ProjectedSource{{}, {ConfigMap: &rules.ConfigMapVolume{Name: "f"}}}}},
	}
	pod := f.Templates()[0].Pod
	if diff := cmp.Diff([]rules.Container{want}, pod.Containers); diff != "" {
		t.Errorf("container differs (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(volumes, pod.Volumes); diff != "" {
		t.Errorf("volumes differ (-want +got):\n%s", diff)
	}
}
