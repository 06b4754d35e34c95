package mesh

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"istio.io/istio/manifests"
	"istio.io/istio/operator/pkg/render"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
	sigsyaml "sigs.k8s.io/yaml"

	"github.com/holdfast-mesh/holdfast/test/cluster"
)

// installBase installs what all revisions share: the root namespace and
// Istio's custom resource definitions, from Istio's own base chart.
func (m *Mesh) installBase(ctx context.Context) error {
	if err := m.Namespace(ctx, RootNamespace, nil); err != nil {
		return fmt.Errorf("creating namespace %s: %w", RootNamespace, err)
	}
	const path = "charts/base/files/crd-all.gen.yaml"
	data, err := manifests.FS.ReadFile(path)
	if err != nil {
		return fmt.Errorf("reading Istio's custom resource definitions: %w", err)
	}
	var crds []*apiextensionsv1.CustomResourceDefinition
	for decoder := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(data), 4096); ; {
		crd := &apiextensionsv1.CustomResourceDefinition{}
		if err := decoder.Decode(crd); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return fmt.Errorf("reading %s: %w", path, err)
		}
		if crd.Name != "" {
			crds = append(crds, crd)
		}
	}
	_, err = envtest.InstallCRDs(m.Config, envtest.CRDInstallOptions{CRDs: crds})
	return err
}

// installGatewayAPI installs the definitions that Istio tests itself with.
func (m *Mesh) installGatewayAPI() error {
	return m.cluster.InstallDefinitions(filepath.Join(cluster.Root(), "test", "istio"), "istio.io/istio",
		"tests/integration/pilot/testdata/gateway-api-crd.yaml")
}

// applied are the kinds of Istio's charts that matter without a kubelet, but for
// the custom resource definitions, which installBase has installed.
var applied = map[string]bool{
	"ConfigMap":                      true,
	"Deployment":                     true,
	"MutatingWebhookConfiguration":   true,
	"Service":                        true,
	"ServiceAccount":                 true,
	"ValidatingWebhookConfiguration": true,
}

// applyRevision renders Istio's charts for a revision, as istioctl install does,
// and applies them with its webhooks pointed at url.
func (m *Mesh) applyRevision(ctx context.Context, r Revision, dir, url string) error {
	files, err := r.installFiles(dir)
	if err != nil {
		return err
	}
	sets, _, err := render.GenerateManifest(files, nil, false, nil, nil)
	if err != nil {
		return fmt.Errorf("rendering Istio's chart for revision %s: %w", r.label(), err)
	}
	for _, set := range sets {
		for _, manifest := range set.Manifests {
			if !applied[manifest.GetKind()] {
				continue
			}
			if err := m.applyObject(ctx, manifest.Unstructured, url); err != nil {
				return err
			}
		}
	}
	return nil
}

// applyObject applies one object of Istio's charts.
func (m *Mesh) applyObject(ctx context.Context, object *unstructured.Unstructured, url string) error {
	if strings.HasSuffix(object.GetKind(), "WebhookConfiguration") {
		if err := pointWebhooks(object, url, m.ca.Base64()); err != nil {
			return err
		}
	}
	return m.cluster.Apply(ctx, object)
}

// pointWebhooks makes every webhook of a configuration call url, plus the path
// that its Service reference named, instead of a Service. Validation fails closed
// from the start, as istiod sets it in a cluster once it is ready.
func pointWebhooks(configuration *unstructured.Unstructured, url, caBundle string) error {
	webhooks, _, err := unstructured.NestedSlice(configuration.Object, "webhooks")
	if err != nil {
		return fmt.Errorf("reading %s: %w", configuration.GetName(), err)
	}
	for _, w := range webhooks {
		webhook, ok := w.(map[string]any)
		if !ok {
			return fmt.Errorf("reading %s: a webhook is a %T, want an object", configuration.GetName(), w)
		}
		path, _, err := unstructured.NestedString(webhook, "clientConfig", "service", "path")
		if err != nil {
			return fmt.Errorf("reading %s: %w", configuration.GetName(), err)
		}
		webhook["clientConfig"] = map[string]any{"url": url + path, "caBundle": caBundle}
		webhook["failurePolicy"] = "Fail"
	}
	return unstructured.SetNestedSlice(configuration.Object, webhooks, "webhooks")
}

// installFiles writes what would be given to istioctl install -f: what a
// Revision's fields say, then its own Values and MeshConfig over it.
func (r Revision) installFiles(dir string) ([]string, error) {
	proxy := map[string]any{}
	if r.ExcludeOutboundPorts != "" {
		proxy["excludeOutboundPorts"] = r.ExcludeOutboundPorts
	}
	if r.ExcludeIPRanges != "" {
		proxy["excludeIPRanges"] = r.ExcludeIPRanges
	}
	webhook := map[string]any{"enableNamespacesByDefault": r.EnableNamespacesByDefault}
	if r.ReinvocationPolicy != "" {
		webhook["reinvocationPolicy"] = r.ReinvocationPolicy
	}
	values := map[string]any{
		"global":                 map[string]any{"proxy": proxy},
		"sidecarInjectorWebhook": webhook,
		"revisionTags":           r.Tags,
		// istioctl makes the webhook that validates objects of no revision once
		// everything is installed; the base chart does when told whose it is.
		"defaultRevision": "default",
	}
	spec := map[string]any{
		"profile": "empty",
		"components": map[string]any{
			"pilot": map[string]any{"enabled": true},
			"base":  map[string]any{"enabled": r.Name == ""},
		},
		"revision": r.Name,
		"values":   values,
	}
	own := map[string]any{}
	for key, text := range map[string]string{"values": r.Values, "meshConfig": r.MeshConfig} {
		if text == "" {
			continue
		}
		var fragment map[string]any
		if err := sigsyaml.Unmarshal([]byte(text), &fragment); err != nil {
			return nil, fmt.Errorf("revision %s: %s: %w", r.label(), key, err)
		}
		own[key] = fragment
	}
	var files []string
	for i, spec := range []map[string]any{spec, own} {
		data, err := sigsyaml.Marshal(map[string]any{
			"apiVersion": "install.istio.io/v1alpha1", "kind": "IstioOperator", "spec": spec,
		})
		if err != nil {
			return nil, err
		}
		file := filepath.Join(dir, fmt.Sprintf("install-%d.yaml", i))
		if err := os.WriteFile(file, data, 0o600); err != nil {
			return nil, err
		}
		files = append(files, file)
	}
	return files, nil
}
