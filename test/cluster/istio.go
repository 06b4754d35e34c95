package cluster

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
)

// envoyFilterDefinition is the name of the definition of EnvoyFilters.
const envoyFilterDefinition = "envoyfilters.networking.istio.io"

// IstioDefinitions is the file with all of Istio's definitions, of the module that the
// program is built with.
func IstioDefinitions() (path string, err error) {
	dir, err := ModuleDir("istio.io/api")
	return filepath.Join(dir, "kubernetes", "customresourcedefinitions.gen.yaml"), err
}

// ModuleDir is where the go command has a module: a file may be part of it without
// being part of a package.
func ModuleDir(module string) (string, error) {
	list := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", module)
	list.Dir = Root()
	dir, err := list.Output()
	if err != nil {
		return "", fmt.Errorf("%s: %w", list, err)
	}
	return strings.TrimSpace(string(dir)), nil
}

// InstallEnvoyFilters installs Istio's own definition of EnvoyFilters, and waits until
// they are served.
func (c *Cluster) InstallEnvoyFilters() error {
	path, err := IstioDefinitions()
	if err != nil {
		return err
	}
	objects, err := ReadObjects(path)
	if err != nil {
		return err
	}
	at := slices.IndexFunc(objects, func(o *unstructured.Unstructured) bool { return o.GetName() == envoyFilterDefinition })
	if at < 0 {
		return fmt.Errorf("module istio.io/api has no definition %s", envoyFilterDefinition)
	}
	data, err := json.Marshal(objects[at])
	if err != nil {
		return err
	}
	file, err := os.CreateTemp("", "holdfast-*.json")
	if err != nil {
		return err
	}
	defer os.Remove(file.Name())
	if _, err := file.Write(data); err != nil {
		return err
	}
	if err := file.Close(); err != nil {
		return err
	}
	_, err = envtest.InstallCRDs(c.Config, envtest.CRDInstallOptions{Paths: []string{file.Name()}})
	return err
}

// RemoveEnvoyFilters removes the definition, and with it all EnvoyFilters. They
// may be served for a moment longer.
func (c *Cluster) RemoveEnvoyFilters(ctx context.Context) error {
	definition := &unstructured.Unstructured{}
	definition.SetAPIVersion("apiextensions.k8s.io/v1")
	definition.SetKind("CustomResourceDefinition")
	definition.SetName(envoyFilterDefinition)
	return client.IgnoreNotFound(c.Client.Delete(ctx, definition))
}
