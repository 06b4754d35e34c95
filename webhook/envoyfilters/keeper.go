package envoyfilters

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"google.golang.org/protobuf/proto"
	networkingapi "istio.io/api/networking/v1alpha3"
	networking "istio.io/client-go/pkg/apis/networking/v1alpha3"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/holdfast-mesh/holdfast/mesh"
	"github.com/holdfast-mesh/holdfast/rules"
)

// keeper is one term's memory.
type keeper struct {
	*Manager
	said    sayings
	unnamed map[client.ObjectKey]time.Time // since when no rule names an object
	repairs map[client.ObjectKey]repair    // the last one of each object
	looked  time.Time                      // at pods, the last time
	strange map[client.ObjectKey]bool      // objects of others that were said to differ
}

// repair is what was written over an object that said something else.
type repair struct {
	at   time.Time
	spec *networkingapi.EnvoyFilter
}

// pass is one look at everything.
type pass struct {
	*keeper
	file   *rules.File
	counts tally
	next   time.Duration // until there is something to do
	failed bool          // and is to be tried again soon
}

// pass compares what is there with what the rules need, and does what is to be
// done. It returns an error only where no EnvoyFilter can be read or written, and
// else whether something failed, and when to look again.
func (k *keeper) pass(ctx context.Context, objects client.Reader) (next time.Duration, failed bool, err error) {
	p := &pass{keeper: k, file: k.file.Load(), counts: tally{}, next: k.times.resync}
	defer k.said.begin()()
	var list networking.EnvoyFilterList
	if err := objects.List(ctx, &list); err != nil {
		return 0, true, err
	}
	there := map[client.ObjectKey]*networking.EnvoyFilter{}
	for _, o := range list.Items {
		there[client.ObjectKeyFromObject(o)] = o
	}
	needed := p.needed()
	unneeded := func(key client.ObjectKey) bool { _, ok := needed[key]; return !ok }
	maps.DeleteFunc(k.repairs, func(key client.ObjectKey, _ repair) bool { return unneeded(key) })
	maps.DeleteFunc(k.strange, func(key client.ObjectKey, _ bool) bool { return unneeded(key) })
	for _, key := range slices.SortedFunc(maps.Keys(needed), compareKeys) {
		if err := p.ensure(ctx, needed[key], there[key]); err != nil {
			return 0, true, err
		}
	}
	maps.DeleteFunc(there, func(key client.ObjectKey, o *networking.EnvoyFilter) bool { return !unneeded(key) || !isOwn(o) })
	p.retire(ctx, there)
	k.metrics.count(p.counts)
	return p.next, p.failed, nil
}

func compareKeys(a, b client.ObjectKey) int {
	return cmp.Or(strings.Compare(a.Namespace, b.Namespace), strings.Compare(a.Name, b.Name))
}

// gateways reports whether objects of gateways are to be touched at all: they
// change what runs, which a file that only observes must not.
func (p *pass) gateways() bool { return p.file.Mode == rules.Enforce }

// needed are the objects that should be there, of those that this package keeps.
func (p *pass) needed() map[client.ObjectKey]mesh.Object {
	needed := map[client.ObjectKey]mesh.Object{}
	for _, o := range mesh.For(p.file) {
		if o.Kind == mesh.KindKeepalive || o.Kind == mesh.KindGateway && p.gateways() {
			needed[keyOf(o)] = o
		}
	}
	return needed
}

func keyOf(o mesh.Object) client.ObjectKey {
	return client.ObjectKey{Namespace: o.Namespace, Name: o.Name}
}

// isOwn reports whether an object may be changed and deleted.
func isOwn(o *networking.EnvoyFilter) bool { return o.Labels[ownerLabel] == owner }

// says reports whether an object has the spec that is needed.
func says(o *networking.EnvoyFilter, needed mesh.Object) bool {
	return proto.Equal(&o.Spec, needed.Spec)
}

// ensure makes one object as it is needed. It returns an error only if no object
// can be written.
func (p *pass) ensure(ctx context.Context, needed mesh.Object, there *networking.EnvoyFilter) error {
	key := keyOf(needed)
	if there == nil {
		// One without holdfast's labels is not watched.
		there = &networking.EnvoyFilter{}
		if err := p.read(ctx, key, there); apierrors.IsNotFound(err) && !noDefinitions(err) {
			there = nil
		} else if err != nil {
			return p.unable(ctx, opRead, needed.Kind, key, err)
		}
	}
	switch {
	case there == nil:
		if err := p.create(ctx, needed); err != nil {
			return p.unable(ctx, opApply, needed.Kind, key, err)
		}
	case !isOwn(there):
		if !says(there, needed) {
			p.counts.add(needed.Kind, foreign)
			p.sayForeign(key)
			return nil
		}
		delete(p.strange, key)
	case !says(there, needed) || !labelled(there, needed):
		last := p.repairs[key]
		if pause := p.times.repair - time.Since(last.at); pause > 0 && proto.Equal(last.spec, needed.Spec) {
			p.next = min(p.next, pause)
			p.counts.add(needed.Kind, missing)
			return nil
		}
		if err := p.restore(ctx, needed, there); err != nil {
			return p.unable(ctx, opApply, needed.Kind, key, err)
		}
		p.repairs[key] = repair{time.Now(), needed.Spec}
	}
	p.counts.add(needed.Kind, present)
	return nil
}

// unable takes note of an object that is not as it should be.
func (p *pass) unable(ctx context.Context, op operation, kind mesh.Kind, key client.ObjectKey, err error) error {
	if noDefinitions(err) {
		return err
	}
	p.failed = true
	p.counts.add(kind, missing)
	if apierrors.IsConflict(err) {
		// Somebody else was faster; the next pass looks at what they did.
		p.log.V(1).Info("mesh object changed meanwhile", "object", key.String())
		return nil
	}
	p.said.failed(ctx, op, key.String(), err)
	return nil
}

func labelled(o *networking.EnvoyFilter, needed mesh.Object) bool {
	for key, value := range needed.Labels {
		if o.Labels[key] != value {
			return false
		}
	}
	return true
}

// sayForeign says once of an object of somebody else that it is not what the
// rules need.
func (p *pass) sayForeign(key client.ObjectKey) {
	if p.strange[key] {
		return
	}
	p.strange[key] = true
	message := "EnvoyFilter " + key.String() + " says something else than the rules need, and lacks the label " + ownerLabel + "=" + owner +
		", so holdfast leaves it alone: apply what 'holdfast render' prints, or delete it and holdfast makes its own"
	p.log.Error(nil, message)
	p.tell(eventForeign, message)
}
