package live

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

// forwarding is a connection to a pod's port by way of the API server.
type forwarding struct {
	conn     httpstream.Connection
	requests int
}

// connect opens it as kubectl does: by websocket, and by SPDY where a proxy or an old
// API server on the way does not know that.
// Source: https://github.com/kubernetes/kubectl/blob/v0.36.3/pkg/cmd/portforward/portforward.go
func connect(ctx context.Context, config *rest.Config, to *url.URL) (*forwarding, error) {
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
		return &forwarding{conn: d.conn}, nil
	case <-ctx.Done():
		go func() {
			if d := <-done; d.err == nil {
				d.conn.Close()
			}
		}()
		return nil, ctx.Err()
	}
}

func (f *forwarding) close() { f.conn.Close() }

// get asks the pod's admin port and hands the answer's body to read.
func (f *forwarding) get(ctx context.Context, path string, read func(io.Reader) error) error {
	stop := context.AfterFunc(ctx, f.close)
	defer stop()
	failure, data, err := f.streams()
	if err != nil {
		return err
	}
	err = exchange(ctx, data, path, read)
	if err == nil {
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
func (f *forwarding) streams() (failure, data httpstream.Stream, err error) {
	headers := http.Header{}
	headers.Set(corev1.PortHeader, strconv.Itoa(adminPort))
	headers.Set(corev1.PortForwardRequestIDHeader, strconv.Itoa(f.requests))
	f.requests++
	headers.Set(corev1.StreamType, corev1.StreamTypeError)
	if failure, err = f.conn.CreateStream(headers); err != nil {
		return nil, nil, err
	}
	failure.Close() // nothing is ever written to it
	headers.Set(corev1.StreamType, corev1.StreamTypeData)
	data, err = f.conn.CreateStream(headers)
	return failure, data, err
}

// exchange speaks HTTP on a stream.
func exchange(ctx context.Context, stream io.ReadWriter, path string, read func(io.Reader) error) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("http://localhost:%d%s", adminPort, path), nil)
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
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("GET %s: got status %s, want 200", path, answer.Status)
	}
	return read(answer.Body)
}
