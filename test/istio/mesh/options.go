package mesh

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// RootNamespace is where Istio is installed.
const RootNamespace = "istio-system"

// Options say what mesh to start. The zero value is a mesh with one default
// revision, from the programs in the repository's bin folder.
type Options struct {
	// Bin is the folder that holds kube/, istio/ and the program holdfast.
	// Empty: the bin folder of the repository around the working directory.
	Bin string
	// Dir holds logs and working files. Empty: a temporary folder that Stop
	// removes.
	Dir string
	// Revisions are the control planes to start; none means one default one.
	Revisions []Revision
	// Logf, if set, hears what is being done, a line at a time.
	Logf func(format string, args ...any)
}

// Revision is one installation of Istio's control plane.
type Revision struct {
	// Name is the revision; empty is Istio's default revision.
	Name string
	// Tags are revision tags that point to it.
	Tags []string
	// NativeSidecars puts istio-proxy among the init containers, as Istio does
	// by default on current clusters. Without it, istio-proxy is a plain
	// container.
	NativeSidecars bool
	// MeshConfig is YAML, merged over the chart's defaults.
	MeshConfig string
	// Values is YAML, merged over the chart's Helm values.
	Values string
	// ExcludeOutboundPorts is global.proxy.excludeOutboundPorts.
	ExcludeOutboundPorts string
	// ExcludeIPRanges is global.proxy.excludeIPRanges.
	ExcludeIPRanges string
	// ReinvocationPolicy of the injector's webhooks: Never (Istio's default)
	// or IfNeeded.
	ReinvocationPolicy string
	// EnableNamespacesByDefault injects also where no label asks for it.
	EnableNamespacesByDefault bool
	// Env is added to istiod's environment, as KEY=value.
	Env []string
}

// label is the value of istio.io/rev that selects the revision.
func (r Revision) label() string {
	if r.Name == "" {
		return "default"
	}
	return r.Name
}

// suffixed is how Istio names the objects of a revision.
func (r Revision) suffixed(name string) string {
	if r.Name == "" {
		return name
	}
	return name + "-" + r.Name
}

// InjectorConfigMap is the name of the ConfigMap with the injector's templates
// and Helm values, in RootNamespace.
func (r Revision) InjectorConfigMap() string { return r.suffixed("istio-sidecar-injector") }

// MeshConfigMap is the name of the ConfigMap with the mesh configuration, in
// RootNamespace.
func (r Revision) MeshConfigMap() string { return r.suffixed("istio") }

// findBin returns the bin folder of the repository that the working directory
// is in, and an error that says how to fill it if programs are missing.
func findBin() (string, error) {
	root, err := findRoot()
	if err != nil {
		return "", err
	}
	return filepath.Join(root, "bin"), nil
}

// findRoot walks up from the working directory to the repository's top: the
// folder that holds test/kube/build.
func findRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for start := dir; ; {
		if _, err := os.Stat(filepath.Join(dir, "test", "kube", "build")); err == nil {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", fmt.Errorf("%s is not inside holdfast's repository: set Options.Bin", start)
		}
		dir = parent
	}
}

// checkPrograms says which programs are missing from bin, and what builds them.
func checkPrograms(bin string) error {
	var missing error
	for _, p := range []struct{ path, build string }{
		{"kube/kube-apiserver", "test/kube/build"},
		{"kube/etcd", "test/kube/build"},
		{"istio/pilot-discovery", "test/istio/build"},
	} {
		path := filepath.Join(bin, p.path)
		if assets := os.Getenv("KUBEBUILDER_ASSETS"); assets != "" && p.build == "test/kube/build" {
			path = filepath.Join(assets, filepath.Base(p.path))
		}
		if _, err := os.Stat(path); err != nil {
			missing = errors.Join(missing, fmt.Errorf("%s is missing: run %s (or make tools)", path, p.build))
		}
	}
	return missing
}
