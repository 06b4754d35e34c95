// Package machine is what the lab uses of the machine that it runs on: programs, the processes
// that it starts of them, and their versions.
package machine

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

// Processes starts programs and ends them by their own process group.
type Processes struct {
	// Dir receives a log file per program.
	Dir string

	mu      sync.Mutex
	started []*Process
}

// Process is a running program that writes its output to a log file.
type Process struct {
	// Name and Log, a path, are as given to Start or Run.
	Name, Log string
	// Done is closed when the program has ended.
	Done <-chan struct{}

	cmd *exec.Cmd
}

// PID is the program's process id.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Start runs cmd in a process group of its own, so that what it starts ends with it. Its
// output goes to NAME.log, writable by everyone: Envoy opens /dev/stdout by name as uid 1337.
func (p *Processes) Start(name string, cmd *exec.Cmd) (*Process, error) {
	path := filepath.Join(p.Dir, name+".log")
	log, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_APPEND|os.O_WRONLY, 0o666)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	if err := log.Chmod(0o666); err != nil { // whatever the umask says
		return nil, err
	}
	cmd.Stdout, cmd.Stderr = log, log
	return p.Run(name, path, cmd)
}

// Run starts cmd. The kernel kills it when the lab dies, however that happens.
func (p *Processes) Run(name, log string, cmd *exec.Cmd) (*Process, error) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	done := make(chan struct{})
	proc := &Process{Name: name, Log: log, Done: done, cmd: cmd}
	started := make(chan error)
	go func() {
		// Pdeathsig follows the thread that forked, not the process: this goroutine keeps
		// one for the child's whole life (https://github.com/golang/go/issues/27505).
		runtime.LockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait() // how it ended stands in cmd.ProcessState
			close(done)
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

// Terminate asks the program itself to end, as the kubelet asks a container's first process.
func (p *Process) Terminate() error { return syscall.Kill(p.PID(), syscall.SIGTERM) }

// Kill ends the program and whatever it started.
func (p *Process) Kill() error { return p.signal(syscall.SIGKILL) }

// signal reaches the program and whatever it started.
func (p *Process) signal(s syscall.Signal) error {
	return syscall.Kill(-p.cmd.Process.Pid, s)
}

// Exited is an error that says how the program ended, with its log's last lines; nil while it runs.
func (p *Process) Exited() error {
	select {
	case <-p.Done:
		return fmt.Errorf("%s ended early: %v; the end of %s:\n%s", p.Name, p.cmd.ProcessState, p.Log, Tail(p.Log, 2000))
	default:
		return nil
	}
}

// Stop asks everything to end, then ends it.
func (p *Processes) Stop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, proc := range p.started {
		_ = proc.signal(syscall.SIGTERM) // gone already: as good
	}
	patience, done := context.WithTimeout(context.Background(), 3*time.Second)
	defer done()
	for _, proc := range p.started {
		select {
		case <-proc.Done:
		case <-patience.Done(): // shared: the others get no second wait
		}
		_ = proc.signal(syscall.SIGKILL)
		<-proc.Done
	}
	p.started = nil
}

// Until calls ready every 50 ms until it returns nil, the program ends, or the time is up.
func (p *Process) Until(ctx context.Context, limit time.Duration, ready func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	for {
		err := ready(ctx)
		if err == nil {
			return nil
		}
		if early := p.Exited(); early != nil {
			return early
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s was not ready after %s: %w; the end of %s:\n%s", p.Name, limit, err, p.Log, Tail(p.Log, 2000))
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// Tail is the last bytes of a file, for a message.
func Tail(path string, bytes int64) string {
	data, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	if over := int64(len(data)) - bytes; over > 0 {
		data = data[over:]
	}
	return string(data)
}
