package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"syscall"
	"time"
)

// processes starts programs and ends them by their own process group, in reverse order.
type processes struct {
	// dir receives a log file per program.
	dir string

	mu      sync.Mutex
	started []*process
}

// process is a running program that writes its output to a log file.
type process struct {
	name string
	log  string
	cmd  *exec.Cmd
	done chan struct{}
	err  error // of Wait; valid when done is closed
}

// start runs cmd in a process group of its own, so that what it starts ends with it. Its
// output goes to NAME.log, writable by everyone: Envoy opens /dev/stdout by name as uid 1337.
func (p *processes) start(name string, cmd *exec.Cmd) (*process, error) {
	path := filepath.Join(p.dir, name+".log")
	log, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_APPEND|os.O_WRONLY, 0o666)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	if err := log.Chmod(0o666); err != nil { // whatever the umask says
		return nil, err
	}
	cmd.Stdout, cmd.Stderr = log, log
	return p.run(name, path, cmd)
}

// run starts cmd. The kernel kills it when the lab dies, however that happens.
func (p *processes) run(name, log string, cmd *exec.Cmd) (*process, error) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	proc := &process{name: name, log: log, cmd: cmd, done: make(chan struct{})}
	started := make(chan error)
	go func() {
		// Pdeathsig follows the thread that forked, not the process: this goroutine keeps
		// one for the child's whole life (https://github.com/golang/go/issues/27505).
		runtime.LockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			proc.err = cmd.Wait()
			close(proc.done)
		}
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("starting %s: %w", name, err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.started = append(p.started, proc)
	return proc, nil
}

// signal reaches the program and whatever it started.
func (p *process) signal(s syscall.Signal) error {
	return syscall.Kill(-p.cmd.Process.Pid, s)
}

// exited reports whether the program has ended, with its log's last lines for the message.
func (p *process) exited() error {
	select {
	case <-p.done:
		return fmt.Errorf("%s ended early: %v; the end of %s:\n%s", p.name, p.cmd.ProcessState, p.log, tail(p.log, 2000))
	default:
		return nil
	}
}

// stop asks everything to end, then ends it.
func (p *processes) stop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, proc := range p.started {
		_ = proc.signal(syscall.SIGTERM) // gone already: as good
	}
	patience, done := context.WithTimeout(context.Background(), 3*time.Second)
	defer done()
	for _, proc := range p.started {
		select {
		case <-proc.done:
		case <-patience.Done(): // shared: the others get no second wait
		}
		_ = proc.signal(syscall.SIGKILL)
		<-proc.done
	}
	p.started = nil
}

// until calls ready every 50 ms until it returns nil, the program ends, or the time is up.
func (p *process) until(ctx context.Context, limit time.Duration, ready func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	for {
		err := ready(ctx)
		if err == nil {
			return nil
		}
		if early := p.exited(); early != nil {
			return early
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s was not ready after %s: %w; the end of %s:\n%s", p.name, limit, err, p.log, tail(p.log, 2000))
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// tail is the last bytes of a file, for a message.
func tail(path string, bytes int64) string {
	data, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	if over := int64(len(data)) - bytes; over > 0 {
		data = data[over:]
	}
	return string(data)
}
