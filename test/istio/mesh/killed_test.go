package mesh_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/holdfast-mesh/holdfast/test/istio/mesh"
)

// victim makes the test program start a mesh and wait to be killed.
const victim = "HOLDFAST_MESH_VICTIM"

func TestMain(m *testing.M) {
	if os.Getenv(victim) == "" {
		os.Exit(m.Run())
	}
	if _, err := mesh.Start(context.Background(), mesh.Options{Dir: os.Getenv(victim)}); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println("ready")
	time.Sleep(time.Hour)
}

// A process that is killed in the middle of a test leaves no control plane
// running.
func TestKilledProcessLeavesNothingRunning(t *testing.T) {
	command := exec.Command(os.Args[0])
	dir := t.TempDir() // also for what envtest would leave in the system's
	command.Env = append(os.Environ(), victim+"="+dir, "TMPDIR="+dir)
	command.Stderr = os.Stderr
	output, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(output).ReadString('\n')
	if err != nil || line != "ready\n" {
		t.Fatalf("the victim says %q: %v", line, err)
	}
	running := map[string]string{} // program by process id
	for _, pid := range childrenOf(t, command.Process.Pid) {
		running[pid] = program(pid)
	}
	for _, want := range []string{"etcd", "kube-apiserver", "pilot-discovery"} {
		if !strings.Contains(fmt.Sprint(running), want) {
			t.Errorf("the victim's children are %v, want %s among them", running, want)
		}
	}
	if err := command.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = command.Wait() // says that it was killed
	err = mesh.Await(t.Context(), "the victim's children to end", func(context.Context) error {
		var left error
		for pid, name := range running {
			if program(pid) == name {
				left = errors.Join(left, fmt.Errorf("%s (process %s) is still running", name, pid))
			}
		}
		return left
	})
	if err != nil {
		t.Error(err)
	}
}

func childrenOf(t *testing.T, pid int) []string {
	t.Helper()
	lists, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	if err != nil {
		t.Fatal(err)
	}
	var pids []string
	for _, list := range lists {
		data, err := os.ReadFile(list)
		if err != nil {
			t.Fatal(err)
		}
		pids = append(pids, strings.Fields(string(data))...)
	}
	return pids
}

// program is the command line of a process; empty when it has ended, also
// where nobody has collected it yet.
func program(pid string) string {
	data, _ := os.ReadFile(filepath.Join("/proc", pid, "cmdline"))
	return string(bytes.ReplaceAll(data, []byte{0}, []byte(" ")))
}
