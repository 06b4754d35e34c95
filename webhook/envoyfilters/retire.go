package envoyfilters

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	networking "istio.io/client-go/pkg/apis/networking/v1alpha3"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/holdfast-mesh/holdfast/istio"
	"github.com/holdfast-mesh/holdfast/mesh"
)

// retire deletes own objects that no rule needs, as soon as that is safe. Those
// with a name that this package does not give are none of its business.
func (p *pass) retire(ctx context.Context, unneeded map[client.ObjectKey]*networking.EnvoyFilter) {
	maps.DeleteFunc(p.unnamed, func(key client.ObjectKey, _ time.Time) bool { return unneeded[key] == nil })
	idle := map[client.ObjectKey]string{} // values that no rule has named for long enough
	for _, key := range slices.SortedFunc(maps.Keys(unneeded), compareKeys) {
		value, isKeepalive := istio.KeepaliveOfObject(key.Name)
		switch {
		case isKeepalive && p.forgotten(key):
			idle[key] = value.String()
		case isKeepalive:
			p.counts.add(mesh.KindKeepalive, waiting)
		case strings.HasPrefix(key.Name, istio.GatewayObjectPrefix) && p.gateways():
			p.remove(ctx, mesh.KindGateway, unneeded[key])
		}
	}
	if len(idle) == 0 {
		return
	}
	carried, known := p.look(ctx, slices.Collect(maps.Values(idle)))
	for _, key := range slices.SortedFunc(maps.Keys(idle), compareKeys) {
		if !known || carried[idle[key]] {
			p.counts.add(mesh.KindKeepalive, waiting)
		} else {
			p.remove(ctx, mesh.KindKeepalive, unneeded[key])
		}
	}
}

// forgotten reports whether no rule has named an object for the grace period.
func (p *pass) forgotten(key client.ObjectKey) bool {
	since, ok := p.unnamed[key]
	if !ok {
		since = time.Now()
		p.unnamed[key] = since
	}
	rest := p.times.grace - time.Since(since)
	if rest > 0 {
		p.next = min(p.next, rest)
	}
	return rest <= 0
}

// look asks which of some values running pods carry, if that has not been asked
// for a while, and if it is still the question: reading all pods takes time, in
// which the rules may have changed.
func (p *pass) look(ctx context.Context, values []string) (carried map[string]bool, known bool) {
	const all = "pods"
	if rest := p.times.pods - time.Since(p.looked); rest > 0 {
		p.said.still(opPods, all)
		p.next = min(p.next, rest)
		return nil, false
	}
	p.next = min(p.next, p.times.pods)
	carried, err := p.carriedBy(ctx, values)
	p.looked = time.Now()
	if err != nil {
		p.said.failed(ctx, opPods, all, err)
		return nil, false
	}
	return carried, p.file == p.keeper.file.Load()
}

// remove deletes an own object, in the version that was looked at.
func (p *pass) remove(ctx context.Context, kind mesh.Kind, o *networking.EnvoyFilter) {
	key := client.ObjectKeyFromObject(o)
	limited, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	switch err := p.client.Delete(limited, o, client.Preconditions{UID: &o.UID, ResourceVersion: &o.ResourceVersion}); {
	case err == nil:
		p.log.Info("mesh object that no rule needs deleted", "object", key.String(), "connections", cuts[kind])
	case apierrors.IsNotFound(err): // somebody else did
	case apierrors.IsConflict(err):
		p.failed = true // look at it again
	default:
		p.failed = true
		p.said.failed(ctx, opDelete, key.String(), err)
	}
}
