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

// InstallEnvoyFilters installs Istio's own definition of EnvoyFilters, from the
// module that the program is built with, and waits until they are served.
func (c *Cluster) InstallEnvoyFilters() error {
	dir, err := moduleDir(Root(), "istio.io/api")
	if err != nil {
		return err
	}
	objects, err := ReadObjects(filepath.Join(dir, "kubernetes", "customresourcedefinitions.gen.yaml"))
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

// InstallDefinitions installs files with definitions that a Go module has, of the
// version that the go.mod in folder names, and waits until they are served.
func (c *Cluster) InstallDefinitions(folder, module string, files ...string) error {
	dir, err := moduleDir(folder, module)
	if err != nil {
		return err
	}
	options := envtest.CRDInstallOptions{ErrorIfPathMissing: true}
	for _, file := range files {
		options.Paths = append(options.Paths, filepath.Join(dir, file))
	}
	_, err = envtest.InstallCRDs(c.Config, options)
	return err
}

// moduleDir is where a module's files are. Those that are part of no package, only
// the go command finds.
func moduleDir(folder, module string) (string, error) {
	list := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", module)
	list.Dir = folder
	dir, err := list.Output()
	if err != nil {
		return "", fmt.Errorf("%s: %w", list, err)
	}
	if len(dir) < 2 {
		return "", fmt.Errorf("module %s is not downloaded: run 'go mod download' in %s", module, folder)
	}
	return strings.TrimSpace(string(dir)), nil
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
