package probe

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
)

// Ports of the application as a server.
const (
	LinesPort = 9000
	WebPort   = 8080
)

// Serve is the application as a server, for connections into its pod: a line for each line on
// one listener, HTTP with keep-alive on the other. It holds every connection that its client
// holds, until ctx ends.
func Serve(ctx context.Context, lines, web net.Listener) error {
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "PONG\n") // a client that left does not need it
	})}
	context.AfterFunc(ctx, func() { lines.Close() })
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(web) }()
	for {
		conn, err := lines.Accept()
		if err != nil {
			server.Close()
			if ended := <-ended; ctx.Err() == nil || !errors.Is(ended, http.ErrServerClosed) {
				return errors.Join(err, ended)
			}
			return nil
		}
		go echo(conn)
	}
}

// echo answers each line of a connection.
func echo(conn net.Conn) {
	defer conn.Close()
	in := bufio.NewScanner(conn)
	for in.Scan() {
		if _, err := io.WriteString(conn, "PONG\n"); err != nil {
			return
		}
	}
}
