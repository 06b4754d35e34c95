package probe

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

// Probes is how many keepalive probes in a row may go unanswered on a "tcp" client's socket.
const Probes = 3

// runTCP keeps one socket. Its keepalive is off unless the spec asks for one: Go would
// otherwise send a probe every 15 s (https://pkg.go.dev/net#Dialer), and other languages none.
func runTCP(ctx context.Context, spec Spec, ready func(), sofar func(*Result)) (*Result, error) {
	ready = sync.OnceFunc(ready)
	result := &Result{Name: spec.Name}
	dialer := &net.Dialer{Timeout: 5 * time.Second, KeepAlive: -1}
	if spec.Keepalive > 0 {
		dialer.KeepAliveConfig = net.KeepAliveConfig{
			Enable: true, Idle: spec.Keepalive, Interval: spec.Keepalive, Count: Probes,
		}
	}
	conn, err := connect(ctx, dialer, spec, result, ready)
	switch {
	case err == nil:
	case spec.Patience > 0:
		return result, nil
	default:
		return nil, fmt.Errorf("client %s: %w", spec.Name, err)
	}
	defer conn.Close()
	s := &socket{conn: conn, answers: make(chan time.Time, 1), broken: make(chan struct{})}
	life := Connection{Opened: time.Now(), End: Open}
	go s.read()
	alive, stop := context.WithCancel(ctx)
	defer stop()
	go func() { // a cut ends an idle period too
		select {
		case <-s.broken:
			stop()
		case <-alive.Done():
		}
	}()

	send := spec.Send
	if send == "" {
		send = "PING"
	}
	schedule(alive, spec, func(bool) bool {
		request := Request{At: time.Now()}
		at, err := s.ask(send, spec.GiveUp)
		request.Took = time.Since(request.At)
		if err != nil {
			request.Error = err.Error()
		} else {
			life.LastByte = at
		}
		result.Requests = append(result.Requests, request)
		life.Ended = time.Now()
		sofar(&Result{Name: spec.Name, Requests: result.Requests, Connections: []Connection{life}})
		ready()
		return err == nil
	})
	select {
	case <-s.broken:
		life.Ended, life.End, life.Error = s.ended, endOf(s.err), s.err.Error()
	default:
		life.Ended = time.Now()
	}
	result.Connections = []Connection{life}
	return result, nil
}

// dial connects as the spec says: to the address itself, or through a waypoint.
func dial(ctx context.Context, dialer *net.Dialer, spec Spec) (net.Conn, error) {
	if spec.Waypoint == "" {
		return dialer.DialContext(ctx, "tcp", spec.Address)
	}
	return dialThrough(ctx, dialer, spec)
}

// tryEvery is the time between two attempts to connect.
const tryEvery = 250 * time.Millisecond

// connect opens the connection. A client with patience tries until it has one, and writes down
// each failed attempt; the error is then that of the last one.
func connect(ctx context.Context, dialer *net.Dialer, spec Spec, result *Result, ready func()) (net.Conn, error) {
	for start := time.Now(); ; {
		attempt := Request{At: time.Now()}
		conn, err := dial(ctx, dialer, spec)
		if err == nil || spec.Patience == 0 {
			return conn, err
		}
		attempt.Took, attempt.Error = time.Since(attempt.At), err.Error()
		result.Requests = append(result.Requests, attempt)
		ready()
		if time.Since(start)+tryEvery > spec.Patience {
			return nil, err
		}
		select {
		case <-ctx.Done():
			return nil, err
		case <-time.After(tryEvery):
		}
	}
}

// socket is a connection and its reader. ended and err are set when broken is closed.
type socket struct {
	conn    net.Conn
	answers chan time.Time
	broken  chan struct{}
	ended   time.Time
	err     error
}

// read blocks in the kernel, so that the moment of a cut is known to a fraction of a millisecond.
func (s *socket) read() {
	in := bufio.NewReader(s.conn)
	for {
		if _, err := in.ReadString('\n'); err != nil {
			s.ended, s.err = time.Now(), err
			close(s.broken)
			return
		}
		select {
		case s.answers <- time.Now():
		default: // a line nobody asked for
		}
	}
}

// ask sends one line and waits for one; it returns when the answer came.
func (s *socket) ask(line string, giveUp time.Duration) (time.Time, error) {
	if err := s.conn.SetReadDeadline(time.Now().Add(giveUp)); err != nil {
		return time.Time{}, err
	}
	if _, err := io.WriteString(s.conn, line+"\r\n"); err != nil {
		<-s.broken // the reader learns of it too, and knows when
		return time.Time{}, err
	}
	select {
	case at := <-s.answers:
		// No deadline while idle: only a cut may end the read.
		return at, s.conn.SetReadDeadline(time.Time{})
	case <-s.broken:
		select {
		case at := <-s.answers: // the end came right behind the answer
			return at, nil
		default:
			return time.Time{}, s.err
		}
	}
}

// endOf names the way a read failed.
func endOf(err error) End {
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return Silent
	case errors.Is(err, syscall.ECONNRESET):
		return Reset
	case errors.Is(err, syscall.ETIMEDOUT):
		return TimedOut
	}
	return Closed
}
