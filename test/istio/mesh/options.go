package mesh

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/holdfast-mesh/holdfast/test/cluster"
)

// RootNamespace is where Istio is installed.
const RootNamespace = "istio-system"

// Options say what mesh to start. The zero value is a mesh with one default
// revision.
type Options struct {
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
	// Ambient lets the revision serve waypoints: Gateway API's definitions are installed, and
	// istiod makes the Deployment and the Service of a Gateway.
	Ambient bool
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

// features are the variables of istiod that switch on what it can do.
func (r Revision) features() []string {
	return []string{
		fmt.Sprintf("ENABLE_NATIVE_SIDECARS=%t", r.NativeSidecars),
		fmt.Sprintf("PILOT_ENABLE_AMBIENT=%t", r.Ambient),
		fmt.Sprintf("PILOT_ENABLE_GATEWAY_API=%t", r.Ambient),
	}
}

// istiodProgram returns the path of the program, and an error that says how to build
// it if it is missing.
func istiodProgram() (string, error) {
	path := filepath.Join(cluster.Root(), "bin", "istio", "pilot-discovery")
	if _, err := os.Stat(path); err != nil {
		return "", fmt.Errorf("no pilot-discovery in %s: run 'make tools' first", filepath.Dir(path))
	}
	return path, nil
}
