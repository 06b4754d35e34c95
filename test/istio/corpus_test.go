package istio_test

import (
	"bytes"
	"errors"
	"flag"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/holdfast-mesh/holdfast/istio"
	"github.com/holdfast-mesh/holdfast/rules"
	"github.com/holdfast-mesh/holdfast/test/cluster"
	"github.com/holdfast-mesh/holdfast/test/written"
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
	with, without := compareUnder(t, corpusRules)

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
	after := patchOffline(t, corpusRules, file, with)
	written.Check(t, filepath.Join(goldenDir, filepath.Base(file)), string(after), "go test -run TestCorpus -update", *update)
	if checkManifest(t, file, after, with, without) == 0 {
		t.Error("the file has no pod")
	}
}

// checkManifest creates the pods of a manifest with and without holdfast,
// compares them with the patched manifest, and returns how many there were.
func checkManifest(t *testing.T, file string, after []byte, with, without string) int {
	t.Helper()
	before, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	originals, patched := pods(t, before), pods(t, after)
	if len(originals) != len(patched) {
		t.Fatalf("got %d pods in the patched manifest, want %d as in the original", len(patched), len(originals))
	}
	for i, pod := range originals {
		checkPod(t, pod, patched[i], with, without)
	}
	return len(originals)
}

var containerIndex = regexp.MustCompile(`containers\[\d+\]`)

func checkPod(t *testing.T, pod, patched *corev1.Pod, with, without string) {
	t.Helper()
	plain, _, plainErr := shared.mesh.CreatePod(t.Context(), in(without, pod), client.DryRunAll)
	admitted, warnings, err := shared.mesh.CreatePod(t.Context(), in(with, pod), client.DryRunAll)
	switch {
	case plainErr != nil:
		// With the same words, apart from the namespace's name, a container's place behind
		// a sidecar that starts first, and a list that Istio prints in random order:
		// holdfast has left alone what it denies.
		want, _, _ := strings.Cut(strings.ReplaceAll(plainErr.Error(), without, with), "; have")
		if err == nil || !strings.HasPrefix(containerIndex.ReplaceAllString(err.Error(), ""), containerIndex.ReplaceAllString(want, "")) {
			t.Errorf("denied without holdfast (%v), and not so with it (%v)", plainErr, err)
		}
		return
	case err != nil:
		t.Errorf("admitted without holdfast, denied with it: %v; warnings %q", err, warnings)
		return
	}
	for _, key := range touched {
		got, has := admitted.Annotations[key]
		want, wanted := patched.Annotations[key]
		if got != want || has != wanted {
			t.Errorf("annotation %s: the API server has %q (%t), patch writes %q (%t)", key, got, has, want, wanted)
		}
	}
	checkOnlyOurs(t, plain, admitted)
	checkKept(t, pod, patched)
}

// patchOffline runs 'holdfast patch' as a user would.
func patchOffline(t *testing.T, rulesFile, file, namespace string) []byte {
	t.Helper()
	command := exec.CommandContext(t.Context(), filepath.Join(cluster.Root(), "bin", "holdfast"), "patch",
		"-f", rulesFile, "-n", namespace,
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
	for _, pod := range []*corev1.Pod{before, after} {
		for _, key := range touched {
			delete(pod.Annotations, key)
		}
		if len(pod.Annotations) == 0 {
			pod.Annotations = nil
		}
	}
	if diff := cmp.Diff(before, after); diff != "" {
		t.Errorf("more than holdfast's annotations changed (-before +after):\n%s", diff)
	}
}

// in is the pod in a namespace, ready to be created.
func in(namespace string, pod *corev1.Pod) *corev1.Pod {
	pod = pod.DeepCopy()
	pod.Namespace = namespace
	if pod.Name == "" {
		pod.Name = "corpus"
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
		var object map[string]any // of any kind, or not for Kubernetes at all
		if err := decoder.Decode(&object); errors.Is(err, io.EOF) {
			return found
		} else if err != nil {
			t.Fatalf("reading the manifest: %v", err)
		}
		found = append(found, podsOf(t, object)...)
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
