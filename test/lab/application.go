package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/holdfast-mesh/holdfast/test/lab/probe"
)

// application is a running client program in a pod's namespace.
type application struct {
	client
	process *process
	log     string        // path of what its library logged
	ready   chan struct{} // closed after its first answer
	output  chan []byte   // its result, when it ends
}

// launch starts a client. It is ready when app.ready is closed.
func (l *lab) launch(ctx context.Context, p *pod, c client) (*application, error) {
	spec, err := json.Marshal(c.Spec)
	if err != nil {
		return nil, err
	}
	name := p.object.Name + "-" + c.Name
	app := &application{client: c, ready: make(chan struct{}), output: make(chan []byte, 1), log: filepath.Join(p.dir, name+".log")}
	cmd := p.Command(context.WithoutCancel(ctx), l.tools.client)
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
	if app.process, err = l.processes.run(name, app.log, cmd); err != nil {
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
	case <-a.ready:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-a.process.done:
		return a.process.exited()
	case <-time.After(waitLong):
		return fmt.Errorf("client %s got no first answer within %s", a.process.name, waitLong)
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
			<-a.process.done
			return nil, fmt.Errorf("client %s gave no result: %w; its log:\n%s", a.process.name, err, tail(a.log, 2000))
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
