// Package forward reaches ports of a pod by way of the API server, as kubectl
// port-forward does; no port is opened on this machine.
package forward

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/portforward"
	"k8s.io/client-go/transport/spdy"
	"k8s.io/streaming/pkg/httpstream"
)

// Connection is a connection to a pod by way of the API server. One goroutine at
// a time may use it.
type Connection struct {
	conn     httpstream.Connection
	requests int
}

// Connect opens it as kubectl does: by websocket, and by SPDY where a proxy or an old
// API server on the way does not know that. to is the URL of the pod's subresource
// portforward.
// Source: https://github.com/kubernetes/kubectl/blob/v0.36.3/pkg/cmd/portforward/portforward.go
func Connect(ctx context.Context, config *rest.Config, to *url.URL) (*Connection, error) {
	transport, upgrader, err := spdy.RoundTripperFor(config)
	if err != nil {
		return nil, err
	}
	bySPDY := spdy.NewDialerForStreaming(upgrader, &http.Client{Transport: transport}, http.MethodPost, to)
	byWebsocket, err := portforward.NewSPDYOverWebsocketDialerForStreaming(to, config)
	if err != nil {
		return nil, err
	}
	dialer := portforward.NewFallbackDialerForStreaming(byWebsocket, bySPDY, func(err error) bool {
		return httpstream.IsUpgradeFailure(err) || httpstream.IsHTTPSProxyError(err)
	})
	type dialled struct {
		conn httpstream.Connection
		err  error
	}
	done := make(chan dialled, 1)
	go func() { // a dialer knows no context
		conn, _, err := dialer.Dial(portforward.PortForwardProtocolV1Name)
		done <- dialled{conn, err}
	}()
	select {
	case d := <-done:
		if d.err != nil {
			return nil, d.err
		}
		return &Connection{conn: d.conn}, nil
	case <-ctx.Done():
		go func() {
			if d := <-done; d.err == nil {
				d.conn.Close()
			}
		}()
		return nil, ctx.Err()
	}
}

// Close ends it.
func (c *Connection) Close() { c.conn.Close() }

// Get asks a port by HTTP and hands the answer to read.
func (c *Connection) Get(ctx context.Context, port uint16, path string, read func(status int, body io.Reader) error) error {
	return c.Do(ctx, port, func(stream io.ReadWriteCloser) error { return exchange(ctx, stream, port, path, read) })
}

// Do opens a stream of bytes to a port and hands it to use. Where the port could not
// be reached, the error says why.
func (c *Connection) Do(ctx context.Context, port uint16, use func(io.ReadWriteCloser) error) error {
	stop := context.AfterFunc(ctx, c.Close)
	defer stop()
	failure, data, err := c.streams(port)
	if err != nil {
		return err
	}
	err = use(data)
	if err == nil {
		data.Close()
		return nil
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	// Where the port could not be reached, the other stream says why, and ends.
	data.Reset()
	if why, _ := io.ReadAll(io.LimitReader(failure, 1000)); len(why) > 0 {
		return errors.New(strings.TrimSpace(string(why)))
	}
	return err
}

// streams opens one request: a stream of bytes, and one that says what went wrong.
func (c *Connection) streams(port uint16) (failure, data httpstream.Stream, err error) {
	headers := http.Header{}
	headers.Set(corev1.PortHeader, strconv.Itoa(int(port)))
	headers.Set(corev1.PortForwardRequestIDHeader, strconv.Itoa(c.requests))
	c.requests++
	headers.Set(corev1.StreamType, corev1.StreamTypeError)
	if failure, err = c.conn.CreateStream(headers); err != nil {
		return nil, nil, err
	}
	failure.Close() // nothing is ever written to it
	headers.Set(corev1.StreamType, corev1.StreamTypeData)
	data, err = c.conn.CreateStream(headers)
	return failure, data, err
}

// exchange speaks HTTP on a stream.
func exchange(ctx context.Context, stream io.ReadWriter, port uint16, path string, read func(status int, body io.Reader) error) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("http://localhost:%d%s", port, path), nil)
	if err != nil {
		return err
	}
	request.Close = true // one stream, one request
	if err := request.Write(stream); err != nil {
		return err
	}
	answer, err := http.ReadResponse(bufio.NewReader(stream), request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	return read(answer.StatusCode, answer.Body)
}
