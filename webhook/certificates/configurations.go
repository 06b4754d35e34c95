package certificates

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"slices"
	"time"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	apply "k8s.io/client-go/applyconfigurations/admissionregistration/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/holdfast-mesh/holdfast/webhook/certificates/authority"
)

// configuration is what of a webhook configuration is of use.
type configuration struct {
	version    string // to write on
	uid        types.UID
	generation int64 // counts the changes of webhooks
	webhooks   []string
	bundles    [][]byte // one for each webhook
	with       func(version string, webhooks []string, bundle []byte) runtime.ApplyConfiguration
}

func fromMutating(o *admissionregistrationv1.MutatingWebhookConfiguration) *configuration {
	c := &configuration{version: o.ResourceVersion, uid: o.UID, generation: o.Generation, with: applyMutating}
	for _, w := range o.Webhooks {
		c.webhooks, c.bundles = append(c.webhooks, w.Name), append(c.bundles, w.ClientConfig.CABundle)
	}
	return c
}

func fromValidating(o *admissionregistrationv1.ValidatingWebhookConfiguration) *configuration {
	c := &configuration{version: o.ResourceVersion, uid: o.UID, generation: o.Generation, with: applyValidating}
	for _, w := range o.Webhooks {
		c.webhooks, c.bundles = append(c.webhooks, w.Name), append(c.bundles, w.ClientConfig.CABundle)
	}
	return c
}

func applyMutating(version string, webhooks []string, bundle []byte) runtime.ApplyConfiguration {
	o := apply.MutatingWebhookConfiguration(ConfigurationName).WithResourceVersion(version)
	for _, name := range webhooks {
		o.WithWebhooks(apply.MutatingWebhook().WithName(name).WithClientConfig(apply.WebhookClientConfig().WithCABundle(bundle...)))
	}
	return o
}

func applyValidating(version string, webhooks []string, bundle []byte) runtime.ApplyConfiguration {
	o := apply.ValidatingWebhookConfiguration(ConfigurationName).WithResourceVersion(version)
	for _, name := range webhooks {
		o.WithWebhooks(apply.ValidatingWebhook().WithName(name).WithClientConfig(apply.WebhookClientConfig().WithCABundle(bundle...)))
	}
	return o
}

// follows reports whether no state of the configuration was between these two: API servers
// count each change of the webhooks in the generation. Left out is an etcd put back from a
// backup, after which the same numbers may count other changes.
// Source: https://github.com/kubernetes/kubernetes/blob/v1.36.3/pkg/registry/admissionregistration/mutatingwebhookconfiguration/strategy.go (PrepareForUpdate)
func (c *configuration) follows(before *configuration) bool {
	return c != nil && before != nil && c.uid == before.uid && (c.generation == before.generation || c.generation == before.generation+1)
}

// says reports whether every webhook has exactly this caBundle.
func (c *configuration) says(bundle []byte) bool {
	return !slices.ContainsFunc(c.bundles, func(b []byte) bool { return !bytes.Equal(b, bundle) })
}

// write gives all webhooks one caBundle. It changes nothing else, and fails with a
// conflict when the configuration is not the one that was read, or is gone. By
// force: who wrote another caBundle before, cert-manager for example, must not keep
// this one out.
func (c *configuration) write(ctx context.Context, to client.Client, bundle []byte) error {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	return to.Apply(ctx, c.with(c.version, c.webhooks, bundle), client.FieldOwner(fieldManager), client.ForceOwnership)
}

// everywhere returns the certificates that stand in the caBundle of every webhook
// of all configurations; none if one of them does not exist or has no webhook.
func everywhere(configurations []*configuration) (common []*x509.Certificate) {
	first := true
	for _, c := range configurations {
		if c == nil || len(c.bundles) == 0 {
			return nil
		}
		for _, bundle := range c.bundles {
			these := authority.Certificates(bundle)
			if first {
				common, first = these, false
				continue
			}
			common = slices.DeleteFunc(common, func(one *x509.Certificate) bool { return !slices.ContainsFunc(these, one.Equal) })
		}
	}
	return common
}

// keepBundle makes every webhook of a configuration have this caBundle.
func (k *Keeper) keepBundle(ctx context.Context, object string, there *configuration, bundle []byte) time.Duration {
	switch {
	case there == nil:
		k.troubles.tell(taskConfigure, object, errors.New("it does not exist, so the API server asks nobody; apply the installation again"))
		return k.times.Poll
	case len(bundle) == 0: // nobody has made an authority yet
		return k.times.Poll
	case there.says(bundle):
		k.troubles.tell(taskConfigure, object, nil)
		return k.times.Poll
	}
	if left := k.pace(object); left > 0 {
		return left
	}
	if err := there.write(ctx, k.client, bundle); err != nil {
		if !apierrors.IsConflict(err) { // somebody else has just changed it
			k.troubles.tell(taskConfigure, object, refused(err, "patch", object))
		}
		return k.times.Pause
	}
	k.metrics.writes.WithLabelValues(string(taskConfigure)).Inc()
	k.log.Info("caBundle written", "object", object, "authorities", len(authority.Certificates(bundle)))
	return k.times.Poll
}

// bundleFor is the caBundle that all webhooks should have.
func bundleFor(there []*authority.Authority, current *serving, configurations []*configuration, now time.Time) []byte {
	var needed, published []*x509.Certificate
	for _, a := range there {
		needed = append(needed, a.Certificate)
	}
	if current != nil {
		needed = append(needed, current.by.Certificate)
	}
	for _, c := range configurations {
		if c == nil {
			continue
		}
		for _, bundle := range c.bundles {
			published = append(published, authority.Certificates(bundle)...)
		}
	}
	return authority.Bundle(needed, published, now)
}
