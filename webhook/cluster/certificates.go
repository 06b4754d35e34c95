package cluster

import (
	"context"
	"fmt"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/holdfast-mesh/holdfast/webhook/background"
)

// CertificateFollower is told of the objects that self-signed certificates live in:
// of every version of each, and nil when one is deleted.
type CertificateFollower interface {
	Secret(*corev1.Secret)
	Mutating(*admissionregistrationv1.MutatingWebhookConfiguration)
	Validating(*admissionregistrationv1.ValidatingWebhookConfiguration)
	// Run is called once, when what was there at the start has been told. It ends
	// with ctx.
	Run(ctx context.Context)
}

// FollowCertificates watches one Secret and the two webhook configurations of one
// name until ctx ends; tasks are then soon done. No other object is asked for, so that
// roles can name these.
func (c *Cluster) FollowCertificates(ctx context.Context, tasks *background.Tasks, secret types.NamespacedName, configurations string, to CertificateFollower) (Check, error) {
	named := cache.ByObject{Field: fields.OneTermEqualSelector("metadata.name", configurations), Transform: cache.TransformStripManagedFields()}
	from, err := c.newCache(map[client.Object]cache.ByObject{
		&corev1.Secret{}: {Field: fields.AndSelectors(inNamespace(secret.Namespace), fields.OneTermEqualSelector("metadata.name", secret.Name)), Transform: cache.TransformStripManagedFields()},
		&admissionregistrationv1.MutatingWebhookConfiguration{}:   named,
		&admissionregistrationv1.ValidatingWebhookConfiguration{}: named,
	}, c.watchError)
	if err != nil {
		return Check{}, err
	}
	secrets, err := follow(ctx, from, &corev1.Secret{}, watchCertificates, to.Secret, func(*corev1.Secret) { to.Secret(nil) })
	if err != nil {
		return Check{}, err
	}
	mutating, err := follow(ctx, from, &admissionregistrationv1.MutatingWebhookConfiguration{}, watchCertificates, to.Mutating,
		func(*admissionregistrationv1.MutatingWebhookConfiguration) { to.Mutating(nil) })
	if err != nil {
		return Check{}, err
	}
	validating, err := follow(ctx, from, &admissionregistrationv1.ValidatingWebhookConfiguration{}, watchCertificates, to.Validating,
		func(*admissionregistrationv1.ValidatingWebhookConfiguration) { to.Validating(nil) })
	if err != nil {
		return Check{}, err
	}
	all := &watch{what: watchCertificates, synced: func() bool { return secrets.synced() && mutating.synced() && validating.synced() }}
	c.run(ctx, tasks, from, []*watch{all})
	tasks.Go(func() {
		if all.wait(ctx) {
			to.Run(ctx)
		}
	})
	return Check{Name: watchCertificates, Err: func() error {
		for what, w := range map[string]*watch{"Secret " + secret.String(): secrets, "MutatingWebhookConfiguration " + configurations: mutating, "ValidatingWebhookConfiguration " + configurations: validating} {
			if !w.synced() {
				return fmt.Errorf("%s not read from the cluster yet; see the log for the cause", what)
			}
		}
		return nil
	}}, nil
}
