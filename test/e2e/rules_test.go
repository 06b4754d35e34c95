package e2e

import (
	"fmt"
	"strings"
	"testing"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

const badRules = `apiVersion: holdfast.dev/v1alpha1
kind: Rules
rules:
- name: redis
  destinations: {ports: [70000]}
  strategy: {idleTimeout: soon}
`

func TestRulesEditTakesEffectLive(t *testing.T) {
	setRules(t, redisRules)
	namespace := newNamespace(t, optedIn)
	if pod := create(t, newPod(namespace)); !patched(pod) {
		t.Fatalf("not patched before the edit: %v", pod.Annotations)
	}
	setRules(t, strings.Replace(redisRules, "48h", "24h", 1))
	if text := create(t, newPod(namespace)).Annotations["proxy.istio.io/config"]; !strings.Contains(text, `"24h"`) {
		t.Errorf("got %q, want the new idle timeout of 24h", text)
	}
}

// kubectl apply of a bad file is refused, with every problem and its position.
func TestBadEditIsRejected(t *testing.T) {
	setRules(t, redisRules)
	err := tryUpdateRules(t.Context(), badRules)
	if err == nil {
		t.Fatal("the API server stored rules that do not load")
	}
	for _, want := range []string{"5:", "70000", "6:", "soon"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("got error %q, want it to contain %q", err, want)
		}
	}
	if !apierrors.IsInvalid(err) && !apierrors.IsForbidden(err) {
		t.Errorf("got %T %v, want a refusal by the webhook", err, err)
	}
}

// A bad edit that gets past the validation is survived with the last good
// rules, and everybody who looks can see it: metric, Event.
func TestForcedBadEditKeepsLastGoodRules(t *testing.T) {
	setRules(t, redisRules)
	withoutValidation(t, func() { updateRules(t, badRules) })
	eventually(t, "the metric that says the last load failed", func() (bool, string) {
		metrics := shared.holdfast.Metrics(t.Context())
		line := metricLine(metrics, "holdfast_rules_last_load_success")
		return strings.HasSuffix(line, " 0"), line
	})
	pod := create(t, newPod(newNamespace(t, optedIn)))
	if !patched(pod) {
		t.Errorf("the last good rules must stay in force; annotations: %v", pod.Annotations)
	}
	eventually(t, "an Event on the ConfigMap", func() (bool, string) {
		var events corev1.EventList
		if err := shared.cluster.Client.List(t.Context(), &events, client.InNamespace("holdfast-system")); err != nil {
			return false, err.Error()
		}
		for _, e := range events.Items {
			if e.InvolvedObject.Kind == "ConfigMap" && e.InvolvedObject.Name == "holdfast-rules" && e.Type == "Warning" {
				return strings.Contains(e.Message, "70000"), e.Message
			}
		}
		return false, fmt.Sprintf("%d events", len(events.Items))
	})
	setRules(t, redisRules)
	if line := metricLine(shared.holdfast.Metrics(t.Context()), "holdfast_rules_last_load_success"); !strings.HasSuffix(line, " 1") {
		t.Errorf("got %q, want 1 after the repair", line)
	}
}

// Deleting the ConfigMap is no way to lose protection either.
func TestDeletedConfigMapKeepsLastGoodRules(t *testing.T) {
	setRules(t, redisRules)
	var cm corev1.ConfigMap
	key := client.ObjectKey{Namespace: "holdfast-system", Name: "holdfast-rules"}
	if err := shared.cluster.Client.Get(t.Context(), key, &cm); err != nil {
		t.Fatal(err)
	}
	if err := shared.cluster.Client.Delete(t.Context(), &cm); err != nil {
		t.Fatal(err)
	}
	defer func() {
		cm.ResourceVersion, cm.UID = "", ""
		if err := shared.cluster.Client.Create(t.Context(), &cm); err != nil {
			t.Error(err)
		}
		setRules(t, redisRules)
	}()
	namespace := newNamespace(t, optedIn)
	for range 20 {
		if pod := create(t, newPod(namespace)); !patched(pod) {
			t.Fatalf("not patched after the ConfigMap was deleted: %v", pod.Annotations)
		}
	}
}

// Rules change while pods are being created: each pod gets one file or the
// other, whole.
func TestRulesEditUnderLoad(t *testing.T) {
	setRules(t, redisRules)
	namespace := newNamespace(t, optedIn)
	stop := make(chan struct{})
	failures := make(chan string, 4)
	done := make(chan struct{}, 4)
	for range 4 {
		go func() {
			defer func() { done <- struct{}{} }()
			for {
				select {
				case <-stop:
					return
				default:
				}
				pod := newPod(namespace)
				if err := shared.cluster.Client.Create(t.Context(), pod, client.DryRunAll); err != nil {
					failures <- err.Error()
					return
				}
				config := pod.Annotations["proxy.istio.io/config"]
				if !strings.Contains(config, `"48h"`) && !strings.Contains(config, `"24h"`) {
					failures <- fmt.Sprintf("a pod got neither file: %v", pod.Annotations)
					return
				}
			}
		}()
	}
	for i := range 6 {
		setRules(t, strings.Replace(redisRules, "48h", []string{"24h", "48h"}[i%2], 1))
	}
	close(stop)
	for range 4 {
		<-done
	}
	close(failures)
	for failure := range failures {
		t.Error(failure)
	}
}

// withoutValidation takes the validating configuration away for a while, as
// somebody in a hurry would.
func withoutValidation(t *testing.T, do func()) {
	t.Helper()
	var list admissionregistrationv1.ValidatingWebhookConfigurationList
	if err := shared.cluster.Client.List(t.Context(), &list); err != nil {
		t.Fatal(err)
	}
	for i := range list.Items {
		if err := shared.cluster.Client.Delete(t.Context(), &list.Items[i]); err != nil {
			t.Fatal(err)
		}
	}
	defer func() {
		for i := range list.Items {
			list.Items[i].ObjectMeta = metav1.ObjectMeta{Name: list.Items[i].Name, Labels: list.Items[i].Labels}
			if err := shared.cluster.Client.Create(t.Context(), &list.Items[i]); err != nil {
				t.Error(err)
			}
		}
		// The API server learns of configurations by a watch,
		eventually(t, "validation is back", func() (bool, string) {
			err := tryBadRules(t)
			return err != nil && !apierrors.IsConflict(err), fmt.Sprint(err)
		})
	}()
	// and forgets them by the same watch.
	eventually(t, "validation is gone", func() (bool, string) {
		err := tryBadRules(t)
		return err == nil, fmt.Sprint(err)
	})
	do()
}

// tryBadRules asks, in a dry run, whether bad rules would be stored.
func tryBadRules(t *testing.T) error {
	t.Helper()
	var cm corev1.ConfigMap
	key := client.ObjectKey{Namespace: "holdfast-system", Name: "holdfast-rules"}
	if err := shared.cluster.Client.Get(t.Context(), key, &cm); err != nil {
		return err
	}
	cm.Data = map[string]string{"rules.yaml": badRules}
	return shared.cluster.Client.Update(t.Context(), &cm, client.DryRunAll)
}

// metricLine returns the first sample of a metric.
func metricLine(metrics, name string) string {
	for line := range strings.Lines(metrics) {
		if strings.HasPrefix(line, name) {
			return strings.TrimSpace(line)
		}
	}
	return "no " + name
}
