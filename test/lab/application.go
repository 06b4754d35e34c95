package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/holdfast-mesh/holdfast/test/lab/machine"
	"github.com/holdfast-mesh/holdfast/test/lab/probe"
	"github.com/holdfast-mesh/holdfast/test/lab/scenario"
)

// application is a running client program in a pod's namespace.
type application struct {
	scenario.Client
	process *machine.Process
	outside bool          // of the pod
	log     string        // path of what its library logged
	ready   chan struct{} // closed after its first answer
	output  chan []byte   // its result, when it ends
}

// launch starts a client. It is ready when app.ready is closed.
func (l *lab) launch(ctx context.Context, r *running, c scenario.Client) (*application, error) {
	p := r.pod
	for _, address := range []*string{&c.Address, &c.Waypoint} {
		if host, port, err := net.SplitHostPort(*address); err == nil && host == scenario.PodHost {
			*address = net.JoinHostPort(p.Address.String(), port)
		}
	}
	c.Identity = l.identity
	spec, err := json.Marshal(c.Spec)
	if err != nil {
		return nil, err
	}
	name := p.object.Name + "-" + c.Name
	app := &application{Client: c, ready: make(chan struct{}), output: make(chan []byte, 1), log: filepath.Join(p.dir, name+".log")}
	place := p.Pod
	if app.outside = c.Outside || r.IsProxy(); app.outside {
		place = r.outside
	}
	cmd := place.Command(context.WithoutCancel(ctx), l.tools.Client)
	cmd.Dir, cmd.Stdin = p.dir, bytes.NewReader(spec)
	log, err := os.Create(app.log)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	cmd.Stderr = log
	// Not StdoutPipe: Wait would close it before the last line is read.
	read, write, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer write.Close()
	cmd.Stdout = write
	if app.process, err = l.processes.Run(name, app.log, cmd); err != nil {
		read.Close()
		return nil, err
	}
	go func() {
		defer read.Close()
		app.follow(read)
	}()
	return app, nil
}

func (a *application) follow(from io.Reader) {
	var result []byte
	lines := bufio.NewScanner(from)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		if lines.Text() == "ready" {
			close(a.ready)
			continue
		}
		result = bytes.Clone(lines.Bytes())
	}
	a.output <- result
}

// waitReady waits for the first answer.
func (a *application) waitReady(ctx context.Context) error {
	select {
	case <-a.ready: // also of one that has ended since
		return nil
	default:
	}
	select {
	case <-a.ready:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-a.process.Done:
		return a.process.Exited()
	case <-time.After(machine.WaitLong):
		return fmt.Errorf("client %s got no first answer within %s", a.process.Name, machine.WaitLong)
	}
}

// result waits for the client's end.
func (a *application) result(ctx context.Context) (*probe.Result, error) {
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case out := <-a.output:
		var result probe.Result
		if err := json.Unmarshal(out, &result); err != nil {
			<-a.process.Done
			return nil, fmt.Errorf("client %s gave no result: %w; its log:\n%s", a.process.Name, err, machine.Tail(a.log, 2000))
		}
		return &result, nil
	}
}

// logged is what the client's library logged, a line each.
func (a *application) logged() []string {
	data, err := os.ReadFile(a.log)
	if err != nil || len(bytes.TrimSpace(data)) == 0 {
		return nil
	}
	return strings.Split(strings.TrimSpace(string(data)), "\n")
}
