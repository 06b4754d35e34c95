package cluster

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Namespace is where the tests install holdfast unless they say otherwise.
const Namespace = "holdfast-system"

// Chart is the folder of the Helm chart.
func Chart() string { return filepath.Join(Root(), "deploy", "chart") }

// Tool is the path of a program that 'make tools' builds, for example helm.
func Tool(name string) (string, error) {
	path := filepath.Join(Root(), "bin", "tools", name)
	if _, err := os.Stat(path); err != nil {
		return "", fmt.Errorf("no %s: run 'make tools' first: %w", name, err)
	}
	return path, nil
}

// Manifest is the text of what the chart renders for a namespace, without the
// objects of 'helm test'. flags are those of helm: "--set", "clusterWide=true".
func Manifest(namespace string, flags ...string) ([]byte, error) {
	helm, err := Tool("helm")
	if err != nil {
		return nil, err
	}
	args := append([]string{"template", "holdfast", Chart(), "--namespace", namespace, "--skip-tests"}, flags...)
	command := exec.Command(helm, args...)
	var stderr bytes.Buffer
	command.Stderr = &stderr
	text, err := command.Output()
	if err != nil {
		return nil, fmt.Errorf("%s: %w\n%s", command, err, &stderr)
	}
	return text, nil
}

// Render is Manifest as objects.
func Render(namespace string, flags ...string) ([]*unstructured.Unstructured, error) {
	text, err := Manifest(namespace, flags...)
	if err != nil {
		return nil, err
	}
	return decodeObjects("the chart", bytes.NewReader(text))
}

// InstallManifest is the path of what users apply without Helm.
func InstallManifest() string { return filepath.Join(Root(), "deploy", "install.yaml") }
