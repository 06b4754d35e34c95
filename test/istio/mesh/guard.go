package mesh

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// guard is a shell that kills processes when this one dies without having
// stopped them, which a test's panic or timeout does. etcd, kube-apiserver and
// holdfast are started in a way that leaves them running then. The shell
// notices by the end of its standard input, where it is told of them.
type guard struct {
	cmd  *exec.Cmd
	pipe *os.File
}

// The name is compared too: a process that has been stopped in the meantime
// may have left its id to another.
const guardScript = `
while read -r pid name; do
  [ "$pid" = stopped ] && exit 0
  charges="$charges $pid:$name"
done
for charge in $charges; do
  read -r name <"/proc/${charge%%:*}/comm" && [ "$name" = "${charge#*:}" ] && kill -KILL "${charge%%:*}"
done 2>/dev/null`

func startGuard() (*guard, error) {
	stdin, pipe, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer stdin.Close()
	g := &guard{cmd: exec.Command("/bin/sh", "-c", guardScript), pipe: pipe}
	g.cmd.Stdin = stdin
	// A group of its own: Ctrl-C must not end the guard before its charges.
	g.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := g.cmd.Start(); err != nil {
		return nil, errors.Join(fmt.Errorf("starting the guard of the control plane: %w", err), pipe.Close())
	}
	return g, nil
}

// during runs start and takes charge of every child of this process that runs
// one of the named programs by then, as soon as it appears.
func (g *guard) during(start func() error, programs ...string) error {
	done, over := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(over)
		told := map[string]bool{}
		for last := false; ; {
			for _, child := range children(programs...) {
				if !told[child] {
					told[child] = true
					fmt.Fprintln(g.pipe, child)
				}
			}
			if last {
				return
			}
			select {
			case <-done:
				last = true
			case <-time.After(10 * time.Millisecond):
			}
		}
	}()
	err := start()
	close(done)
	<-over
	return err
}

// stop ends the guard and leaves its charges alone.
func (g *guard) stop() error {
	_, err := g.pipe.WriteString("stopped\n")
	return errors.Join(err, g.pipe.Close(), g.cmd.Wait())
}

// children returns this process's children that run one of the named programs,
// each as its id, a blank and its name.
func children(names ...string) []string {
	lists, _ := filepath.Glob("/proc/self/task/*/children") // the pattern is good
	var found []string
	for _, list := range lists {
		data, err := os.ReadFile(list)
		if err != nil {
			continue // the thread has ended
		}
		for _, pid := range strings.Fields(string(data)) {
			comm, err := os.ReadFile(filepath.Join("/proc", pid, "comm"))
			if err != nil {
				continue // the child has ended
			}
			for _, name := range names {
				// The kernel keeps 15 bytes of a program's name.
				if name = name[:min(15, len(name))]; string(bytes.TrimSpace(comm)) == name {
					found = append(found, pid+" "+name)
				}
			}
		}
	}
	return found
}
