package envoyfilters

import (
	"context"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/leaderelection"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
	"k8s.io/klog/v2"
)

// mayLead waits until the Lease can be read; the elector itself would complain
// every two seconds. It returns false when ctx ends before.
func (m *Manager) mayLead(ctx context.Context) bool {
	said := sayings{Manager: m}
	for again := m.newBackoff(); ctx.Err() == nil; again.wait(ctx) {
		end := said.begin()
		_, err := m.leases.Leases(m.namespace).Get(ctx, leaseName, metav1.GetOptions{})
		readable := err == nil || apierrors.IsNotFound(err)
		if !readable {
			said.failed(ctx, opLease, m.namespace+"/"+leaseName, err)
		}
		end()
		if readable {
			return true
		}
	}
	return false
}

// lead waits for the Lease, and works as long as it is held. The end of one term
// ends nothing else.
func (m *Manager) lead(ctx context.Context) {
	elected := make(chan context.Context, 1)
	elector, err := leaderelection.NewLeaderElector(leaderelection.LeaderElectionConfig{
		Name: leaseName,
		Lock: &resourcelock.LeaseLock{
			LeaseMeta:  metav1.ObjectMeta{Namespace: m.namespace, Name: leaseName},
			Client:     m.leases,
			LockConfig: resourcelock.ResourceLockConfig{Identity: m.identity},
		},
		LeaseDuration: m.times.lease, RenewDeadline: m.times.renew, RetryPeriod: m.times.retry,
		// The next one need not wait. Two that overlap for a moment do no harm:
		// every write names the version of the object that it has seen.
		ReleaseOnCancel: true,
		Callbacks: leaderelection.LeaderCallbacks{
			OnStartedLeading: func(term context.Context) { elected <- term },
			OnStoppedLeading: func() {},
		},
	})
	if err != nil {
		// A defect: the settings are constants.
		m.log.Error(err, "cannot take part in the election; mesh objects are not managed")
		<-ctx.Done()
		return
	}
	over := make(chan struct{})
	go func() {
		defer close(over)
		elector.Run(klog.NewContext(ctx, m.log.WithName("election")))
	}()
	select {
	case term := <-elected:
		m.metrics.leader.Set(1)
		m.log.Info("managing mesh objects", "identity", m.identity)
		m.work(term)
		m.metrics.retired()
		m.log.Info("no longer managing mesh objects", "identity", m.identity)
	case <-over:
	}
	<-over
}
