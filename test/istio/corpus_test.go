package istio_test

import (
	"bytes"
	"errors"
	"flag"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/controller-runtime/pkg/client"
	sigsyaml "sigs.k8s.io/yaml"

	"github.com/holdfast-mesh/holdfast/istio"
	"github.com/holdfast-mesh/holdfast/rules"
	"github.com/holdfast-mesh/holdfast/test/cluster"
)

var update = flag.Bool("update", false, "write testdata/golden anew")

const (
	corpusDir   = "testdata/corpus"
	goldenDir   = "testdata/golden"
	corpusRules = "testdata/corpus-rules.yaml"
	// smallestCorpus guards against a corpus that got lost.
	smallestCorpus = 40
)

// The corpus is pods and workloads as Istio's users write them. Each goes
// through 'holdfast patch' and, as a pod, through the API server with both
// webhooks: the annotations are the same, and Istio admits what it admitted
// without holdfast. What patch prints is kept in testdata/golden; -update
// writes it anew.
func TestCorpus(t *testing.T) {
	text, err := os.ReadFile(corpusRules)
	if err != nil {
		t.Fatal(err)
	}
	if err := shared.holdfast.SetRules(t.Context(), string(text)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { setSharedRules(t) })
	with := newNamespace(t, map[string]string{rules.EnabledKey: "true", istio.InjectionLabel: "enabled"})
	without := newNamespace(t, map[string]string{istio.InjectionLabel: "enabled"})

	files, err := filepath.Glob(filepath.Join(corpusDir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) < smallestCorpus {
		t.Errorf("the corpus has %d files, want at least %d", len(files), smallestCorpus)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) { checkCorpusFile(t, file, with, without) })
	}
	checkStaleGolden(t)
}

func checkCorpusFile(t *testing.T, file, with, without string) {
	before, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	after := patchOffline(t, file, with)
	checkGolden(t, filepath.Base(file), after)
	originals, patched := pods(t, before), pods(t, after)
	if len(originals) == 0 || len(originals) != len(patched) {
		t.Fatalf("got %d pods in the patched manifest, want %d as in the original, and some", len(patched), len(originals))
	}
	for i, pod := range originals {
		_, _, plainErr := shared.mesh.CreatePod(t.Context(), in(without, pod), client.DryRunAll)
		admitted, warnings, err := shared.mesh.CreatePod(t.Context(), in(with, pod), client.DryRunAll)
		if plainErr != nil {
			if err == nil || !strings.Contains(err.Error(), istioWords(plainErr)) {
				t.Errorf("pod %d: Istio denies it without holdfast (%v) and not so with it (%v)", i, plainErr, err)
			}
			// Still a pod that offline tools show: they leave the denied value alone.
			continue
		}
		if err != nil {
			t.Errorf("pod %d: Istio admits it without holdfast, and denies it with it: %v; warnings %q", i, err, warnings)
			continue
		}
		for _, key := range touched {
			got, has := admitted.Annotations[key]
			want, wanted := patched[i].Annotations[key]
			if got != want || has != wanted {
				t.Errorf("pod %d, annotation %s: the API server has %q (%t), patch writes %q (%t)", i, key, got, has, want, wanted)
			}
		}
		checkKept(t, pod, patched[i])
	}
}

// patchOffline runs 'holdfast patch' as a user would.
func patchOffline(t *testing.T, file, namespace string) []byte {
	t.Helper()
	command := exec.CommandContext(t.Context(), filepath.Join(cluster.Root(), "bin", "holdfast"), "patch",
		"-f", corpusRules, "-n", namespace,
		"--namespace-labels", rules.EnabledKey+"=true,"+istio.InjectionLabel+"=enabled", file)
	output, err := command.Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			t.Fatalf("holdfast patch: %v\n%s", err, exit.Stderr)
		}
		t.Fatal(err)
	}
	return output
}

// checkKept makes sure that offline patching touched nothing but holdfast's
// annotations.
func checkKept(t *testing.T, before, after *corev1.Pod) {
	t.Helper()
	for _, key := range touched {
		delete(before.Annotations, key)
		delete(after.Annotations, key)
	}
	if len(before.Annotations) == 0 && len(after.Annotations) == 0 {
		before.Annotations, after.Annotations = nil, nil
	}
	was, err := sigsyaml.Marshal(before)
	if err != nil {
		t.Fatal(err)
	}
	is, err := sigsyaml.Marshal(after)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(was, is) {
		t.Errorf("more than holdfast's annotations changed:\n%s\n%s", was, is)
	}
}

// in is the pod in a namespace, ready to be created.
func in(namespace string, pod *corev1.Pod) *corev1.Pod {
	pod = pod.DeepCopy()
	pod.Namespace = namespace
	if pod.Name == "" && pod.GenerateName == "" {
		pod.GenerateName = "corpus-"
	}
	// Workload controllers add it; pods of a Job have another policy anyway.
	if pod.Spec.RestartPolicy == "" {
		pod.Spec.RestartPolicy = corev1.RestartPolicyAlways
	}
	return pod
}

// templates says where a kind has its pod.
var templates = map[string][]string{
	"Pod":                   {},
	"ReplicationController": {"spec", "template"},
	"ReplicaSet":            {"spec", "template"},
	"Deployment":            {"spec", "template"},
	"StatefulSet":           {"spec", "template"},
	"DaemonSet":             {"spec", "template"},
	"Job":                   {"spec", "template"},
	"CronJob":               {"spec", "jobTemplate", "spec", "template"},
}

// pods reads the pods and pod templates of a manifest, by Kubernetes' own
// decoder rather than by holdfast's.
func pods(t *testing.T, manifest []byte) []*corev1.Pod {
	t.Helper()
	var found []*corev1.Pod
	decoder := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(manifest), 4096)
	for {
		object := &unstructured.Unstructured{}
		if err := decoder.Decode(object); errors.Is(err, io.EOF) {
			return found
		} else if err != nil {
			t.Fatalf("reading the manifest: %v", err)
		}
		found = append(found, podsOf(t, object.Object)...)
	}
}

func podsOf(t *testing.T, object map[string]any) []*corev1.Pod {
	t.Helper()
	kind, _ := object["kind"].(string)
	if kind == "List" {
		var found []*corev1.Pod
		items, _, _ := unstructured.NestedSlice(object, "items")
		for _, item := range items {
			found = append(found, podsOf(t, item.(map[string]any))...)
		}
		return found
	}
	path, ok := templates[kind]
	if !ok {
		return nil
	}
	template := object
	if len(path) > 0 {
		var err error
		if template, _, err = unstructured.NestedMap(object, path...); err != nil {
			t.Fatal(err)
		}
	}
	pod := &corev1.Pod{}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(template, pod); err != nil {
		t.Fatalf("reading the pod of a %s: %v", kind, err)
	}
	pod.TypeMeta = metav1.TypeMeta{}
	return []*corev1.Pod{pod}
}

// checkGolden compares with, or writes, what patch printed for a file.
func checkGolden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join(goldenDir, name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v: run 'go test -run TestCorpus -update'", err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("patch prints something else than %s; look at the difference after 'go test -run TestCorpus -update'", path)
	}
}

// checkStaleGolden finds golden files whose input is gone.
func checkStaleGolden(t *testing.T) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(goldenDir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if _, err := os.Stat(filepath.Join(corpusDir, filepath.Base(file))); err != nil {
			t.Errorf("%s is stale: %v", file, err)
		}
	}
}
