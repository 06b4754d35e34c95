package cluster

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"time"

	"github.com/go-logr/logr"
	ctrllog "sigs.k8s.io/controller-runtime/pkg/log"
)

// Main is a package's TestMain: it runs the tests, a *testing.M, on what prepare makes,
// and exits. prepare has a folder for itself, and names what is to be done afterwards,
// the last first, also where it fails.
func Main(tests interface{ Run() int }, name string, prepare func(dir string, after func(func() error)) error) {
	code, err := run(tests, name, prepare)
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", name, err)
		code = 1
	}
	os.Exit(code)
}

func run(tests interface{ Run() int }, name string, prepare func(string, func(func() error)) error) (code int, err error) {
	ctrllog.SetLogger(logr.Discard()) // of envtest
	dir, err := os.MkdirTemp("", "holdfast-"+name+"-")
	if err != nil {
		return 1, err
	}
	after := []func() error{func() error { return os.RemoveAll(dir) }}
	defer func() {
		for i := len(after) - 1; i >= 0; i-- {
			err = errors.Join(err, after[i]())
		}
	}()
	if err := prepare(dir, func(end func() error) { after = append(after, end) }); err != nil {
		return 1, err
	}
	return tests.Run(), nil
}

// Build builds holdfast from this repository into a folder, and returns the program's path.
func Build(dir string) (string, error) { return BuildPackage(dir, "./cmd/holdfast") }

// BuildPackage builds another program of this repository, "./test/...".
func BuildPackage(dir, of string) (string, error) {
	program := filepath.Join(dir, filepath.Base(of))
	build := exec.Command("go", "build", "-o", program, of)
	build.Dir = Root()
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return program, nil
}

// Eventually waits for a condition, up to half a minute; what it returns beside is for
// the failure. t is a testing.TB.
func Eventually(t interface {
	Helper()
	Fatalf(format string, args ...any)
}, what string, condition func() (ok bool, last string),
) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		ok, last := condition()
		switch {
		case ok:
			return
		case time.Now().After(deadline):
			t.Fatalf("not seen within 30 s: %s; last: %s", what, last)
		}
	}
}

// Output takes what processes write while a test may read it.
type Output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write keeps what is written.
func (o *Output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

// String is all that was written.
func (o *Output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}
