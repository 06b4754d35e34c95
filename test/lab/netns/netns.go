// Package netns makes the lab's network: namespaces named hf-lab-*, joined by veth pairs
// and routers, with addresses from 198.18.0.0/15, which is reserved for tests (RFC 2544), and
// from 2001:db8::/32, which is reserved for documentation (RFC 3849).
// No namespace has a way to the machine's own network, and nothing is made outside them.
package netns

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"
)

// Prefix starts the name of every namespace that the lab makes, and of no other: what
// carries it is the lab's to remove.
const Prefix = "hf-lab-"

// Where iproute2 keeps named namespaces, and files that `ip netns exec` mounts over /etc:
// https://man7.org/linux/man-pages/man8/ip-netns.8.html.
const (
	runDir = "/run/netns"
	etcDir = "/etc/netns"
)

// Namespace is a network namespace with a name under /run/netns.
type Namespace struct {
	// Name carries Prefix.
	Name string
}

// create makes the namespace, with the loopback interface up and an empty resolver
// configuration: a process in it must not wait for the machine's name servers, which it
// cannot reach.
func create(ctx context.Context, name string) (*Namespace, error) {
	ns := &Namespace{Name: Prefix + name}
	if err := ip(ctx, "netns add "+ns.Name, "-n "+ns.Name+" link set lo up"); err != nil {
		return nil, err
	}
	etc := filepath.Join(etcDir, ns.Name)
	if err := os.MkdirAll(etc, 0o755); err != nil {
		return nil, err
	}
	resolver := "search lab.svc.cluster.local svc.cluster.local cluster.local\nnameserver 127.0.0.1\noptions timeout:1 attempts:1\n"
	return ns, os.WriteFile(filepath.Join(etc, "resolv.conf"), []byte(resolver), 0o644)
}

// Command is a command inside the namespace. `ip netns exec` becomes the command, so the
// process id is the command's own.
func (ns *Namespace) Command(ctx context.Context, name string, args ...string) *exec.Cmd {
	return exec.CommandContext(ctx, "ip", append([]string{"netns", "exec", ns.Name, name}, args...)...)
}

// Do runs f on a thread of its own inside the namespace. Sockets that f itself opens belong
// to the namespace for good, whoever uses them later; goroutines that f starts do not run there.
func (ns *Namespace) Do(f func() error) error {
	done := make(chan error, 1)
	go func() {
		// Never unlocked: the runtime ends the thread with the goroutine, so that no
		// other goroutine wakes up in this namespace.
		runtime.LockOSThread()
		done <- ns.enter(f)
	}()
	return <-done
}

func (ns *Namespace) enter(f func() error) error {
	file, err := os.Open(filepath.Join(runDir, ns.Name))
	if err != nil {
		return err
	}
	defer file.Close()
	if err := unix.Setns(int(file.Fd()), unix.CLONE_NEWNET); err != nil {
		return fmt.Errorf("entering namespace %s: %w", ns.Name, err)
	}
	return f()
}

// Listen opens a TCP listener on a numeric address inside the namespace.
func (ns *Namespace) Listen(address string) (net.Listener, error) {
	var listener net.Listener
	err := ns.Do(func() (err error) {
		listener, err = net.Listen("tcp", address)
		return err
	})
	return listener, err
}

// Dial connects to a numeric address inside the namespace; it fits http.Transport.
func (ns *Namespace) Dial(ctx context.Context, _, address string) (net.Conn, error) {
	var conn net.Conn
	err := ns.Do(func() (err error) {
		conn, err = new(net.Dialer).DialContext(ctx, "tcp", address)
		return err
	})
	return conn, err
}

// sysctl sets a value of /proc/sys/net, which shows the namespace of the thread that opens it.
func (ns *Namespace) sysctl(name, value string) error {
	return ns.Do(func() error {
		path := "/proc/sys/net/" + strings.ReplaceAll(name, ".", "/")
		return os.WriteFile(path, []byte(value), 0)
	})
}

// remove ends every process inside and deletes the namespace. The processes are the lab's
// own: nothing else has a reason to be in a namespace of that name.
func remove(ctx context.Context, name string) error {
	if !strings.HasPrefix(name, Prefix) {
		return fmt.Errorf("namespace %q: want one that starts with %s", name, Prefix)
	}
	pids, err := exec.CommandContext(ctx, "ip", "netns", "pids", name).Output()
	if err == nil {
		for _, pid := range strings.Fields(string(pids)) {
			_ = exec.CommandContext(ctx, "kill", "-KILL", pid).Run() // it may be gone already
		}
	}
	return errors.Join(ip(ctx, "netns del "+name), os.RemoveAll(filepath.Join(etcDir, name)))
}

// RemoveAll removes every namespace of the lab: of this run, and of an earlier one that
// was killed.
func RemoveAll(ctx context.Context) error {
	var problems []error
	entries, err := os.ReadDir(runDir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		problems = append(problems, err)
	}
	for _, entry := range entries {
		if strings.HasPrefix(entry.Name(), Prefix) {
			problems = append(problems, remove(ctx, entry.Name()))
		}
	}
	return errors.Join(problems...)
}

// ip runs `ip` once per line.
func ip(ctx context.Context, lines ...string) error {
	for _, line := range lines {
		out, err := exec.CommandContext(ctx, "ip", strings.Fields(line)...).CombinedOutput()
		if err != nil {
			return fmt.Errorf("ip %s: %w: %s", line, err, strings.TrimSpace(string(out)))
		}
	}
	return nil
}
