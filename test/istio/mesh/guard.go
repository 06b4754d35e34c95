package mesh

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// guard is a shell that kills processes when this one dies without having
// stopped them, which a test's panic or timeout does. envtest starts etcd and
// kube-apiserver in a way that leaves them running then. The shell notices by
// the end of its standard input, where it is told the processes' ids.
type guard struct {
	cmd  *exec.Cmd
	pipe *os.File
	done chan struct{}
	over chan struct{}
}

const guardScript = `
pids=
while read -r line; do
  [ "$line" = stopped ] && exit 0
  pids="$pids $line"
done
[ -z "$pids" ] || kill -KILL $pids`

// startGuard starts a guard that takes charge of every child of this process
// that runs one of the named programs, until watched is called.
func startGuard(programs ...string) (*guard, error) {
	stdin, pipe, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer stdin.Close()
	g := &guard{cmd: exec.Command("/bin/sh", "-c", guardScript), pipe: pipe, done: make(chan struct{}), over: make(chan struct{})}
	g.cmd.Stdin = stdin
	// A group of its own: Ctrl-C must not end the guard before its charges.
	g.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := g.cmd.Start(); err != nil {
		return nil, errors.Join(fmt.Errorf("starting the guard of the control plane: %w", err), pipe.Close())
	}
	go g.watch(programs)
	return g, nil
}

// watch tells the shell of new children as they appear.
func (g *guard) watch(programs []string) {
	defer close(g.over)
	var told []string
	for last := false; ; {
		for _, pid := range children(programs...) {
			if !slices.Contains(told, pid) {
				told = append(told, pid)
				fmt.Fprintln(g.pipe, pid)
			}
		}
		if last {
			return
		}
		select {
		case <-g.done:
			last = true
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// watched says that all children to guard have been started.
func (g *guard) watched() {
	close(g.done)
	<-g.over
}

// stop ends the guard; its charges must have ended, since their ids may belong
// to other processes from now on.
func (g *guard) stop() error {
	_, err := g.pipe.WriteString("stopped\n")
	return errors.Join(err, g.pipe.Close(), g.cmd.Wait())
}

// children returns the ids of this process's children that run one of the
// named programs.
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
				if string(bytes.TrimSpace(comm)) == name[:min(15, len(name))] {
					found = append(found, pid)
				}
			}
		}
	}
	return found
}
