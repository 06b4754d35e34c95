package istio_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/holdfast-mesh/holdfast/istio"
	"github.com/holdfast-mesh/holdfast/test/istio/mesh"
)

// A pod annotation replaces what Istio was installed with, so holdfast carries
// it over: per revision, by whatever label the pod comes to it.
func TestMeshDefaultsAreKept(t *testing.T) {
	for _, test := range []struct {
		rule      string
		namespace string
		pod       map[string]string // labels
		annotate  []string
		ports     string
		ranges    string
	}{
		{
			rule:      "the default revision was installed without exclusions",
			namespace: optedIn(t, plain),
			ports:     "3306,6379", ranges: "10.99.0.0/16,2001:db8:99::/48",
		},
		{
			rule:      "the namespace's revision has exclusions",
			namespace: optedIn(t, excluding),
			ports:     "3306,5432,6379,8125", ranges: "10.99.0.0/16,192.0.2.0/24,2001:db8:99::/48",
		},
		{
			rule:      "a revision tag leads to them",
			namespace: optedIn(t, tag),
			ports:     "3306,5432,6379,8125", ranges: "10.99.0.0/16,192.0.2.0/24,2001:db8:99::/48",
		},
		{
			rule:      "the pod chooses the revision itself",
			namespace: newNamespace(t, map[string]string{"holdfast.dev/enabled": "true"}),
			pod:       map[string]string{istio.RevisionLabel: excluding},
			ports:     "3306,5432,6379,8125", ranges: "10.99.0.0/16,192.0.2.0/24,2001:db8:99::/48",
		},
		{
			rule:      "istio-injection leads to the default revision, whatever the pod's revision label says",
			namespace: newNamespace(t, map[string]string{"holdfast.dev/enabled": "true", "istio-injection": "enabled"}),
			pod:       map[string]string{istio.RevisionLabel: excluding},
			ports:     "3306,6379", ranges: "10.99.0.0/16,2001:db8:99::/48",
		},
		{
			rule:      "the pod's own lists replace the installation's, as they did without holdfast",
			namespace: optedIn(t, excluding),
			annotate:  []string{istio.ExcludeOutboundPortsAnnotation, "9999", istio.ExcludeOutboundIPRangesAnnotation, "203.0.113.0/24"},
			ports:     "3306,6379,9999", ranges: "10.99.0.0/16,203.0.113.0/24,2001:db8:99::/48",
		},
		{
			rule:      "empty lists on the pod switch the installation's off",
			namespace: optedIn(t, excluding),
			annotate:  []string{istio.ExcludeOutboundPortsAnnotation, "", istio.ExcludeOutboundIPRangesAnnotation, ""},
			ports:     "3306,6379", ranges: "10.99.0.0/16,2001:db8:99::/48",
		},
	} {
		t.Run(test.rule, func(t *testing.T) {
			pod := annotated(newPod(test.namespace, "ports", "ranges"), test.annotate...)
			for key, value := range test.pod {
				pod.Labels[key] = value
			}
			got := injected(t, pod)
			if got, want := initArgument(t, got, "-o"), test.ports; !sameItems(got, want) {
				t.Errorf("istio-init -o: got %q, want %q in any order", got, want)
			}
			if got, want := initArgument(t, got, "-x"), test.ranges; !sameItems(got, want) {
				t.Errorf("istio-init -x: got %q, want %q in any order", got, want)
			}
		})
	}
}

// Where no rule bypasses anything, the installation's exclusions stay Istio's
// own business.
func TestMeshDefaultsAreNotWrittenNeedlessly(t *testing.T) {
	pod := injected(t, newPod(optedIn(t, excluding), "idle"))
	for _, key := range []string{istio.ExcludeOutboundPortsAnnotation, istio.ExcludeOutboundIPRangesAnnotation} {
		if got, ok := pod.Annotations[key]; ok {
			t.Errorf("annotation %s: got %q, want none", key, got)
		}
	}
	if got := initArgument(t, pod, "-o"); got != meshPorts {
		t.Errorf("istio-init -o: got %q, want %q from Istio itself", got, meshPorts)
	}
	if got := initArgument(t, pod, "-x"); got != meshRanges {
		t.Errorf("istio-init -x: got %q, want %q from Istio itself", got, meshRanges)
	}
}

// A change of Istio's settings is followed without a restart.
func TestMeshDefaultsAreFollowed(t *testing.T) {
	namespace := optedIn(t, excluding)
	follow := func(ctx context.Context, ports string) {
		setExcludedPorts(ctx, t, excluding, ports)
		err := mesh.Await(ctx, "the changed exclusions on new pods", func(ctx context.Context) error {
			pod, _, err := shared.mesh.CreatePod(ctx, newPod(namespace, "ports"))
			if err != nil {
				return err
			}
			if got, want := initArgument(t, pod, "-o"), strings.TrimSuffix("3306,6379,"+ports, ","); !sameItems(got, want) {
				return fmt.Errorf("istio-init -o: got %q, want %q", got, want)
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	}
	follow(t.Context(), "7777")
	follow(t.Context(), "")
	follow(context.Background(), meshPorts)
}

// setExcludedPorts changes what a revision was installed with, as an upgrade
// does, and waits until the injector follows.
func setExcludedPorts(ctx context.Context, t *testing.T, revision, ports string) {
	t.Helper()
	configMap := &corev1.ConfigMap{}
	key := client.ObjectKey{Namespace: mesh.RootNamespace, Name: shared.mesh.Revision(revision).Revision.InjectorConfigMap()}
	if err := shared.mesh.Client.Get(ctx, key, configMap); err != nil {
		t.Fatal(err)
	}
	var values map[string]any
	if err := json.Unmarshal([]byte(configMap.Data["values"]), &values); err != nil {
		t.Fatal(err)
	}
	values["global"].(map[string]any)["proxy"].(map[string]any)["excludeOutboundPorts"] = ports
	data, err := json.Marshal(values)
	if err != nil {
		t.Fatal(err)
	}
	configMap.Data["values"] = string(data)
	if err := shared.mesh.Client.Update(ctx, configMap); err != nil {
		t.Fatal(err)
	}
	namespace := &corev1.Namespace{}
	namespace.GenerateName, namespace.Labels = "settings-", map[string]string{istio.RevisionLabel: revision}
	if err := shared.mesh.Client.Create(ctx, namespace); err != nil {
		t.Fatal(err)
	}
	err = mesh.Await(ctx, "the injector's new settings", func(ctx context.Context) error {
		pod, _, err := shared.mesh.CreatePod(ctx, newPod(namespace.Name), client.DryRunAll)
		if err != nil {
			return err
		}
		if got := initArgument(t, pod, "-o"); got != ports {
			return fmt.Errorf("istio-init -o: got %q, want %q", got, ports)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
