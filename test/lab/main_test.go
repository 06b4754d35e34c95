package main

import (
	"bytes"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/holdfast-mesh/holdfast/test/lab/machine"
	"github.com/holdfast-mesh/holdfast/test/lab/scenario"
)

func TestUsage(t *testing.T) {
	var out bytes.Buffer
	for _, args := range [][]string{{"-run", "("}, {"extra"}, {"-run", "no-such-scenario"}, {"-redraw", t.TempDir()}} {
		if err := run(t.Context(), args, &out, &out); err == nil && args[1] != "no-such-scenario" {
			t.Errorf("%q: got no error, want one", args)
		}
	}
}

// Which Envoy: the newest, another one, each one, or a program of one's own.
func TestWhichEnvoy(t *testing.T) {
	newest := machine.Envoys[len(machine.Envoys)-1]
	for _, test := range []struct {
		variable string
		args     []string
		want     []string
	}{
		{"", nil, []string{newest}},
		{"/own/envoy", nil, nil},
		{"/own/envoy", []string{"-envoy", newest}, []string{newest}},
		{"", []string{"-envoy", "1.36.4"}, []string{"1.36.4"}},
		{"", []string{"-envoy", "all"}, machine.Envoys},
	} {
		t.Setenv("ENVOY", test.variable)
		o, err := parse(test.args, io.Discard)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(o.envoys, test.want) {
			t.Errorf("ENVOY=%s, %q: got %q, want %q", test.variable, test.args, o.envoys, test.want)
		}
	}
}

// Stages and lanes without a chosen scenario are not run.
func TestChoose(t *testing.T) {
	lanes := choose(scenario.Lanes(), regexp.MustCompile("^(idle-sidecar|others-applied)$"))
	if len(lanes) != 2 || len(lanes[0]) != 1 || len(lanes[1]) != 1 || lanes[0][0][0].Name != "idle-sidecar" || lanes[1][0][0].Name != "others-applied" {
		t.Errorf("got %v, want two lanes with one scenario each", lanes)
	}
	if got := choose(scenario.Lanes(), regexp.MustCompile("no-such-scenario")); got != nil {
		t.Errorf("got %v, want nothing", got)
	}
}

// The sidecar's environment is the injected one, less the limits of a container, with the
// plaintext connection to istiod.
func TestSidecarEnvironment(t *testing.T) {
	container := &corev1.Container{Env: []corev1.EnvVar{
		{Name: "POD_NAME", ValueFrom: &corev1.EnvVarSource{FieldRef: &corev1.ObjectFieldSelector{FieldPath: "metadata.name"}}},
		{Name: "PROXY_CONFIG", Value: `{"drainDuration":"43200s"}`},
		{Name: "CA_ADDR", Value: "istiod.istio-system.svc:15012"},
		{Name: "GOMEMLIMIT", ValueFrom: &corev1.EnvVarSource{ResourceFieldRef: &corev1.ResourceFieldSelector{Resource: "limits.memory"}}},
		{Name: "ISTIO_META_IDLE_TIMEOUT", Value: "48h"},
	}}
	env, err := sidecarEnvironment(&corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "cart"}}, container, "198.19.0.2")
	if err != nil {
		t.Fatal(err)
	}
	want := `POD_NAME=cart ISTIO_META_IDLE_TIMEOUT=48h PROXY_CONFIG={"controlPlaneAuthPolicy":"NONE","drainDuration":"43200s"} CA_ADDR=` + xdsAddress
	if got := strings.Join(env, " "); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
