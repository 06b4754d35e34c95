package certificates

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/holdfast-mesh/holdfast/webhook/certificates/authority"
)

// read returns the authorities of the Secret that can sign, and what is wrong with
// the rest.
func (k *Keeper) read(secret *corev1.Secret) (there []*authority.Authority, damage error) {
	if secret == nil {
		return nil, nil
	}
	all, damage := authority.Parse(secret.Data)
	for _, a := range all {
		if err := k.unfit[string(a.Certificate.Raw)]; err != nil {
			damage = errors.Join(damage, err)
			continue
		}
		there = append(there, a)
	}
	return there, damage
}

// keepSecret makes the Secret hold what is needed.
func (k *Keeper) keepSecret(ctx context.Context, secret *corev1.Secret, there []*authority.Authority, damage error, now time.Time) time.Duration {
	object := "Secret " + k.service.Namespace + "/" + SecretName
	wanted, made, err := needed(there, k.current.Load(), now)
	switch {
	case err != nil:
		k.troubles.tell(taskSecret, object, err)
		return k.times.Poll
	case secret != nil && damage == nil && !made && slices.Equal(wanted, there):
		k.troubles.tell(taskSecret, object, nil)
		return k.times.Poll
	}
	if left := k.pace(object); left > 0 {
		return left
	}
	err = k.fill(ctx, secret, wanted)
	switch {
	case apierrors.IsConflict(err), apierrors.IsAlreadyExists(err):
		return k.times.Pause // another replica was faster: its version comes
	case err != nil && secret == nil:
		k.troubles.tell(taskSecret, object, fmt.Errorf("it does not exist, want it empty: kubectl create secret generic -n %s %s; creating it failed: %w", k.service.Namespace, SecretName, err))
		return k.times.Pause
	case errors.Is(damage, authority.ErrEmpty):
		k.troubles.tell(taskSecret, object, refused(err, "update", object))
	case damage != nil && err != nil:
		k.troubles.tell(taskSecret, object, fmt.Errorf("%w; it cannot be mended: %w", damage, refused(err, "update", object)))
	case damage != nil:
		k.troubles.tell(taskSecret, object, fmt.Errorf("%w; what is unusable was replaced", damage))
	default:
		k.troubles.tell(taskSecret, object, refused(err, "update", object))
	}
	if err != nil {
		return k.times.Pause
	}
	k.metrics.writes.WithLabelValues(string(taskSecret)).Inc()
	k.log.Info("authorities written", "object", object, "authorities", serials(wanted), "new", made)
	return k.times.Poll
}

// fill writes authorities into the Secret, and fails with a conflict when it is not
// the version that was read. One that does not exist is created where that is allowed:
// the roles that holdfast ships do not allow it, because they could not do so for
// this one Secret only.
func (k *Keeper) fill(ctx context.Context, secret *corev1.Secret, wanted []*authority.Authority) error {
	data, err := authority.Data(wanted)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	if secret == nil {
		created := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: k.service.Namespace, Name: SecretName}, Data: data}
		return k.client.Create(ctx, created, client.FieldOwner(fieldManager))
	}
	filled := secret.DeepCopy()
	if filled.Data == nil {
		filled.Data = map[string][]byte{}
	}
	maps.Copy(filled.Data, data)
	return k.client.Update(ctx, filled, client.FieldOwner(fieldManager))
}

func serials(list []*authority.Authority) (text []string) {
	for _, a := range list {
		text = append(text, authority.Serial(a.Certificate))
	}
	return text
}
