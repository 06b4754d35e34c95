package webhook

import (
	"context"
	"errors"
	"strings"
	"testing"

	"k8s.io/client-go/rest"
)

// What --manage-mesh needs is said at once, as wrong usage.
func TestManageMeshOptions(t *testing.T) {
	t.Setenv("KUBECONFIG", "/dev/null")
	t.Setenv("POD_NAMESPACE", "")
	options := func(change func(*Options)) Options {
		o := DefaultOptions()
		o.Host, o.Port, o.MetricsBindAddress, o.HealthProbeBindAddress = "127.0.0.1", 0, "0", "0"
		o.RulesFile, o.CertDir, o.ManageMesh = "rules.yaml", t.TempDir(), true
		change(&o)
		return o
	}
	for _, test := range []struct {
		rule   string
		change func(*Options)
		want   string
	}{
		{"a cluster that was ruled out", func(o *Options) { o.NoCluster = true }, "got --manage-mesh without a cluster"},
		{"no cluster", func(*Options) {}, "--manage-mesh needs a cluster"},
		{"no cluster for the rules either", func(o *Options) { o.RulesFile, o.RulesConfigMap = "", "a/b" }, "--rules-configmap needs a cluster"},
		{"no namespace", func(o *Options) { o.RESTConfig = &rest.Config{Host: "https://127.0.0.1:1"} }, "--manage-mesh needs a namespace for its Lease"},
	} {
		err := Run(context.Background(), options(test.change))
		if !errors.Is(err, ErrOptions) || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want wrong options and %q", test.rule, err, test.want)
		}
	}
}
