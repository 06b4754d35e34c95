package machine

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// What is missing is said at once, with what to install.
func TestCheckMachine(t *testing.T) {
	all := func(string) (string, error) { return "/bin/x", nil }
	none := func(string) (string, error) { return "", fs.ErrNotExist }
	if err := Check(all, 0); err != nil {
		t.Errorf("everything there: got %v, want no error", err)
	}
	if err := Check(all, 1000); !errors.Is(err, ErrMissing) || !strings.Contains(err.Error(), "root") {
		t.Errorf("not root: got %v, want an error that says so", err)
	}
	err := Check(none, 1000)
	for _, want := range []string{"root", "memcached", "apt-get install iproute2 iptables util-linux redis-server mariadb-server memcached"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("nothing there: got %v, want %q in it", err, want)
		}
	}
}

// Stopping reaches what a program has started itself, also when both ignore SIGTERM.
func TestProcessesStop(t *testing.T) {
	p := &Processes{Dir: t.TempDir()}
	proc, err := p.Start("stubborn", exec.Command("sh", "-c", "trap '' TERM; sleep 1000 & echo $!; wait"))
	if err != nil {
		t.Fatal(err)
	}
	var child string
	for child == "" {
		child = strings.TrimSpace(Tail(proc.Log, 20))
		time.Sleep(time.Millisecond)
	}
	if !runs(child) {
		t.Fatalf("process %s: got it dead before stop, want it alive", child)
	}
	p.Stop()
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
	err := Together([]int{1, 2, 3}, func(i int) error {
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
