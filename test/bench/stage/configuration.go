package stage

import (
	"context"
	"errors"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/holdfast-mesh/holdfast/test/bench/pods"
	"github.com/holdfast-mesh/holdfast/test/cluster"
)

const mutating = "MutatingWebhookConfiguration"

// configure puts a configuration in force that asks the server at an address about the pods of
// a variant. It is holdfast's own, so that selectors and conditions cost the same everywhere.
func (s *Stage) configure(ctx context.Context, name, address string) error {
	objects, err := cluster.ReadObjects(cluster.InstallManifest())
	if err != nil {
		return err
	}
	for _, object := range objects {
		if object.GetKind() != mutating {
			continue
		}
		if err := cluster.PointAt(object, address, s.authority); err != nil {
			return err
		}
		if err := choose(object, name); err != nil {
			return err
		}
		return s.Cluster.Apply(ctx, object)
	}
	return errors.New("deploy/install.yaml has no " + mutating)
}

// choose makes a configuration one for the pods of a variant.
func choose(configuration *unstructured.Unstructured, name string) error {
	configuration.SetName("bench-" + name)
	webhooks, _, err := unstructured.NestedSlice(configuration.Object, "webhooks")
	if err != nil {
		return err
	}
	for _, entry := range webhooks {
		webhook := entry.(map[string]any)
		webhook["name"] = webhookName(name)
		if err := unstructured.SetNestedField(webhook, name, "objectSelector", "matchLabels", pods.VariantLabel); err != nil {
			return err
		}
	}
	return unstructured.SetNestedSlice(configuration.Object, webhooks, "webhooks")
}

// webhookName is what the API server's metrics call a variant's webhook.
func webhookName(name string) string { return name + ".bench.holdfast.dev" }
