package envoyfilters

import (
	"context"
	"encoding/json"
	"maps"

	"google.golang.org/protobuf/proto"
	networking "istio.io/client-go/pkg/apis/networking/v1alpha3"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/holdfast-mesh/holdfast/mesh"
)

// cuts says, for the log, what writing or deleting an object of a kind does to
// open connections.
var cuts = map[mesh.Kind]string{
	mesh.KindKeepalive: "none is cut",
	mesh.KindGateway:   "the gateway's listeners are replaced: what is open is closed after its drainDuration",
}

func (p *pass) read(ctx context.Context, key client.ObjectKey, into *networking.EnvoyFilter) error {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	return p.client.Get(ctx, key, into)
}

// create makes an object that was not there a moment ago. Not by force: if
// somebody else was faster with something else, it is theirs.
func (p *pass) create(ctx context.Context, needed mesh.Object) error {
	if _, err := p.apply(ctx, needed, ""); err != nil {
		return err
	}
	p.log.Info("mesh object created", "object", keyOf(needed).String(), "connections", cuts[needed.Kind])
	return nil
}

// restore makes an own object say what is needed again.
func (p *pass) restore(ctx context.Context, needed mesh.Object, there *networking.EnvoyFilter) error {
	after, err := p.apply(ctx, needed, there.ResourceVersion, client.ForceOwnership)
	if err != nil {
		return err
	}
	if !says(after, needed) {
		// Applying takes nothing away that somebody else has added.
		if err := p.strip(ctx, needed, after); err != nil {
			return err
		}
	}
	p.log.Info("mesh object said something else than the rules need and was changed",
		"object", keyOf(needed).String(), "connections", cuts[needed.Kind])
	return nil
}

// apply applies an object, at that version if one is given, and returns what is
// there then.
func (p *pass) apply(ctx context.Context, needed mesh.Object, version string, options ...client.ApplyOption) (*networking.EnvoyFilter, error) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	// What a person would apply, and not the typed object: that one has empty
	// fields which would be applied too.
	data, err := json.Marshal(needed)
	if err != nil {
		return nil, err
	}
	object := &unstructured.Unstructured{}
	if err := json.Unmarshal(data, &object.Object); err != nil {
		return nil, err
	}
	labels := maps.Clone(needed.Labels)
	labels[ownerLabel] = owner
	object.SetLabels(labels)
	object.SetResourceVersion(version)
	if err := p.client.Apply(ctx, client.ApplyConfigurationFromUnstructured(object), append(options, client.FieldOwner(manager))...); err != nil {
		return nil, err
	}
	// The client has put the answer into the object.
	answer, err := json.Marshal(object)
	if err != nil {
		return nil, err
	}
	after := &networking.EnvoyFilter{}
	return after, json.Unmarshal(answer, after)
}

// strip takes away what is not needed.
func (p *pass) strip(ctx context.Context, needed mesh.Object, there *networking.EnvoyFilter) error {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	after := there.DeepCopy()
	proto.Reset(&after.Spec)
	proto.Merge(&after.Spec, needed.Spec)
	return p.client.Patch(ctx, after, client.MergeFromWithOptions(there, client.MergeFromWithOptimisticLock{}), client.FieldOwner(manager))
}
