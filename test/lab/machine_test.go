package main

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// What is missing is said at once, with what to install.
func TestCheckMachine(t *testing.T) {
	all := func(string) (string, error) { return "/bin/x", nil }
	none := func(string) (string, error) { return "", fs.ErrNotExist }
	if err := checkMachine(all, 0); err != nil {
		t.Errorf("everything there: got %v, want no error", err)
	}
	if err := checkMachine(all, 1000); !errors.Is(err, errMissing) || !strings.Contains(err.Error(), "root") {
		t.Errorf("not root: got %v, want an error that says so", err)
	}
	err := checkMachine(none, 1000)
	for _, want := range []string{"root", "memcached", "apt-get install iproute2 iptables util-linux redis-server mariadb-server memcached"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("nothing there: got %v, want %q in it", err, want)
		}
	}
}

func TestUsage(t *testing.T) {
	var out bytes.Buffer
	for _, args := range [][]string{{"-run", "("}, {"extra"}, {"-run", "no-such-scenario"}, {"-redraw", t.TempDir()}} {
		if err := run(t.Context(), args, &out, &out); err == nil && args[1] != "no-such-scenario" {
			t.Errorf("%q: got no error, want one", args)
		}
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

// Stopping reaches what a program has started itself, also when both ignore SIGTERM.
func TestProcessesStop(t *testing.T) {
	p := &processes{dir: t.TempDir()}
	proc, err := p.start("stubborn", exec.Command("sh", "-c", "trap '' TERM; sleep 1000 & echo $!; wait"))
	if err != nil {
		t.Fatal(err)
	}
	var child string
	for child == "" {
		child = strings.TrimSpace(tail(proc.log, 20))
		time.Sleep(time.Millisecond)
	}
	if !runs(child) {
		t.Fatalf("process %s: got it dead before stop, want it alive", child)
	}
	p.stop()
	for range 1000 { // the kernel delivers SIGKILL in its own time
		if !runs(child) {
			return
		}
		time.Sleep(time.Millisecond)
	}
	t.Errorf("process %s is still there after stop", child)
}

// runs reports whether a process is there and no zombie, which waits for init alone.
func runs(pid string) bool {
	stat, err := os.ReadFile("/proc/" + pid + "/stat")
	return err == nil && !strings.Contains(string(stat), ") Z ")
}

// A panic of one is an error of all, so that the lab still cleans up.
func TestTogether(t *testing.T) {
	err := together([]int{1, 2, 3}, func(i int) error {
		switch i {
		case 1:
			panic("oh")
		case 2:
			return fs.ErrNotExist
		}
		return nil
	})
	if !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "panic: oh") {
		t.Errorf("got %v, want both errors", err)
	}
}
