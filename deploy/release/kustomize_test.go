package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

// The kustomize inside kubectl builds an application's kustomization with the component that
// the repository offers: every Namespace is opted in, and nothing else is touched.
func TestKustomizeOptIn(t *testing.T) {
	root := t.TempDir()
	if err := os.CopyFS(filepath.Join(root, "opt-in"), os.DirFS("../kustomize/opt-in")); err != nil {
		t.Fatal(err)
	}
	const application = `apiVersion: v1
kind: Namespace
metadata:
  name: shop
---
apiVersion: v1
kind: Namespace
metadata:
  labels:
    istio-injection: enabled
  name: shop-jobs
---
apiVersion: v1
kind: ServiceAccount
metadata:
  name: cart
  namespace: shop
`
	for name, text := range map[string]string{
		"application.yaml":   application,
		"kustomization.yaml": "resources: [application.yaml]\ncomponents: [../opt-in]\n",
	} {
		path := filepath.Join(root, "application", name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	output, err := exec.Command(filepath.Join(kubectlFolder(t), "kubectl"), "kustomize", filepath.Join(root, "application")).CombinedOutput()
	if err != nil {
		t.Fatalf("kubectl kustomize: %v\n%s", err, output)
	}
	got := map[string]string{}
	for document := range strings.SplitSeq(string(output), "---\n") {
		var object struct {
			Kind     string
			Metadata struct {
				Name   string
				Labels map[string]string
			}
		}
		if err := yaml.Unmarshal([]byte(document), &object); err != nil {
			t.Fatal(err)
		}
		got[object.Kind+" "+object.Metadata.Name] = object.Metadata.Labels["holdfast.dev/enabled"] + object.Metadata.Labels["istio-injection"]
	}
	want := map[string]string{"Namespace shop": "true", "Namespace shop-jobs": "trueenabled", "ServiceAccount cart": ""}
	if len(got) != len(want) {
		t.Errorf("got the objects %v, want %v", got, want)
	}
	for name := range want {
		if got[name] != want[name] {
			t.Errorf("%s: got the labels %q, want %q\n%s", name, got[name], want[name], output)
		}
	}
}
