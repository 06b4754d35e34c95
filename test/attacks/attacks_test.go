// Package attacks sends the built program what a hostile peer can send, in turn,
// beside a client that behaves well, under the memory limit of the Deployment.
package attacks

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/holdfast-mesh/holdfast/test/reviews"
	"github.com/holdfast-mesh/holdfast/webhook/admission"
)

// attack is something to send for a while.
type attack struct {
	name string
	run  func(ctx context.Context, p *program)
}

func review(kind, object string) string {
	return `{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"u","kind":{"group":"","version":"v1","kind":"` + kind +
		`"},"name":"holdfast-rules","namespace":"holdfast-system","operation":"CREATE","object":` + object + `}}`
}

func rulesReview(text string) string {
	return review("ConfigMap", `{"metadata":{"name":"r","labels":{"holdfast.dev/rules":"true"}},"data":{"rules.yaml":"`+text+`"}}`)
}

var single = []attack{
	{"many connections that send nothing", many(1500, func(ctx context.Context, p *program) {
		hold(ctx, p.tcp(ctx), "")
	})},
	{"many connections with half a header", many(700, func(ctx context.Context, p *program) {
		hold(ctx, p.tls(ctx), "POST /mutate-pods HTTP/1.1\r\nHost: x\r\nX: "+strings.Repeat("x", 12<<10))
	})},
	{"many bodies of 255 KiB that do not end", many(500, func(ctx context.Context, p *program) {
		hold(ctx, p.tls(ctx), header(admission.MutatePodsPath, 256<<10)+strings.Repeat(" ", 255<<10))
	})},
	{"bodies of 6 MiB that do not end", many(60, func(ctx context.Context, p *program) {
		hold(ctx, p.tls(ctx), header(admission.ValidateRulesPath, 7<<20)+strings.Repeat(" ", 6<<20))
	})},
	{"largest bodies, again and again", many(24, again(admission.MutatePodsPath, func() string {
		return review("Pod", `{"metadata":{"annotations":{"a":"`+strings.Repeat("x", 6<<20)+`"}}}`)
	}))},
	{"pods of empty containers", many(24, again(admission.MutatePodsPath, func() string {
		return review("Pod", `{"spec":{"containers":[`+strings.Repeat("{},", 2<<20)+`{}]}}`)
	}))},
	{"pods of as many containers as are read", many(24, again(admission.MutatePodsPath, func() string {
		return review("Pod", `{"spec":{"containers":[`+strings.Repeat("{},", 25_000)+`{}]}}`)
	}))},
	{"pods with long names", many(8, again(admission.MutatePodsPath, func() string {
		return review("Pod", `{"metadata":{"name":"`+strings.Repeat("x", 2_800_000)+`"},"spec":{"containers":[{"env":[{"name":"REDIS_URL","value":"redis://r:6379"}]}]}}`)
	}))},
	{"rules of empty values", many(16, again(admission.ValidateRulesPath, func() string {
		return rulesReview("[" + strings.Repeat("{},", 300_000) + "]")
	}))},
	{"rules of as many values as are read", many(16, again(admission.ValidateRulesPath, func() string {
		return rulesReview(strings.Repeat(`- a: 1\n`, 149_000))
	}))},
	{"rules of one line", many(16, again(admission.ValidateRulesPath, func() string {
		return rulesReview("[" + strings.Repeat("a,", 99_000) + "]")
	}))},
	{"rules of unknown keys", many(16, again(admission.ValidateRulesPath, func() string {
		var text strings.Builder
		for i := range 90_000 {
			fmt.Fprintf(&text, `k%d: 1\n`, i)
		}
		return rulesReview(text.String())
	}))},
}

// attacks are these, and then all of them together.
var attacks = append(slices.Clip(single), attack{"all of these at once", func(ctx context.Context, p *program) {
	var done sync.WaitGroup
	for _, a := range single {
		done.Go(func() { a.run(ctx, p) })
	}
	done.Wait()
}})

// many runs the same n times at once.
func many(n int, one func(context.Context, *program)) func(context.Context, *program) {
	return func(ctx context.Context, p *program) {
		var all sync.WaitGroup
		for range n {
			all.Go(func() { one(ctx, p) })
		}
		all.Wait()
	}
}

// again posts a body until the end.
func again(path string, body func() string) func(context.Context, *program) {
	once := sync.OnceValue(body)
	return func(ctx context.Context, p *program) {
		for ctx.Err() == nil {
			request, err := http.NewRequestWithContext(ctx, http.MethodPost, "https://"+p.webhook+path, strings.NewReader(once()))
			if err != nil {
				return
			}
			request.Header.Set("Content-Type", "application/json")
			response, err := p.attacker.Do(request)
			if err != nil {
				continue
			}
			_, _ = io.Copy(io.Discard, response.Body)
			_ = response.Body.Close()
		}
	}
}

func header(path string, length int) string {
	return fmt.Sprintf("POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n", path, length)
}

// hold sends a text and keeps the connection until the end.
func hold(ctx context.Context, connection net.Conn, text string) {
	if connection == nil {
		return
	}
	defer connection.Close()
	_, _ = io.WriteString(connection, text) // the server may refuse it at any time
	<-ctx.Done()
}

// foreign dials from another host than the client that behaves well: it is by the
// host that the program tells who has too many connections.
var foreign = net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 2)}}

func (p *program) tcp(ctx context.Context) net.Conn {
	connection, err := foreign.DialContext(ctx, "tcp", p.webhook)
	if err != nil {
		return nil
	}
	return connection
}

func (p *program) tls(ctx context.Context) net.Conn {
	connection := p.tcp(ctx)
	if connection == nil {
		return nil
	}
	return tls.Client(connection, &tls.Config{InsecureSkipVerify: true})
}

// Whatever is sent, the program lives within its memory, and a client that
// behaves well gets every answer, on kept connections and on new ones; with
// 'make attacks' also in time.
func TestAttacks(t *testing.T) {
	many := filepath.Join(t.TempDir(), "rules.yaml")
	if err := os.WriteFile(many, []byte(reviews.ManyRules(10_000)), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, rules := range []struct{ name, file string }{{"few", exampleRules()}, {"many", many}} {
		t.Run(rules.name, func(t *testing.T) { attackAll(t, startProgram(t, rules.file)) })
	}
}

func attackAll(t *testing.T, p *program) {
	each, slowest := 2*time.Second, time.Second
	timed := os.Getenv("ATTACKS") != "" // a busy machine says nothing about time
	if timed {
		each = 4 * time.Second
	}
	for i, a := range attacks {
		t.Run(a.name, func(t *testing.T) {
			ctx, end := context.WithTimeout(t.Context(), each)
			defer end()
			var done sync.WaitGroup
			done.Go(func() { a.run(ctx, p) })
			asked, worst := 0, time.Duration(0)
			for ; ctx.Err() == nil; asked++ {
				if asked%4 == 3 {
					p.good.CloseIdleConnections()
				}
				took, err := p.ask()
				if err != nil {
					t.Fatalf("request %d failed after %s: %v", asked, took, err)
				}
				worst = max(worst, took)
				time.Sleep(20 * time.Millisecond)
			}
			done.Wait()
			peak := p.peak(t)
			t.Logf("%d requests, the slowest took %s; peak memory so far %d MiB", asked, worst.Round(time.Millisecond), peak>>20)
			if worst > slowest && timed && i < len(single) { // all together they take the whole machine themselves
				t.Errorf("the slowest request took %s, want at most %s", worst, slowest)
			}
			if peak > p.limit {
				t.Errorf("the program took %d bytes, want at most %d", peak, p.limit)
			}
		})
	}
	if info, err := os.Stat(p.log); err != nil || info.Size() > 4<<20 {
		t.Errorf("the log has %d bytes (%v), want it not to grow with what is sent", info.Size(), err)
	}
}

// A length that nobody can send is refused at once, HTTP/2 is not spoken, and
// no series is there that nothing ever counts.
func TestRefusedAtOnce(t *testing.T) {
	p := startProgram(t, exampleRules())
	connection, err := tls.Dial("tcp", p.webhook, &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"h2", "http/1.1"}})
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	if got := connection.ConnectionState().NegotiatedProtocol; got != "http/1.1" {
		t.Errorf("got protocol %q, want http/1.1", got)
	}
	metrics, err := http.Get(p.metrics)
	if err != nil {
		t.Fatal(err)
	}
	defer metrics.Body.Close()
	if text, err := io.ReadAll(metrics.Body); err != nil || !strings.Contains(string(text), "holdfast_ready 1") || strings.Contains(string(text), "certwatcher_") {
		t.Errorf("got metrics with error %v:\n%s\nwant holdfast's, and none of certwatcher_*, which stay 0 for ever", err, text)
	}
	begin := time.Now()
	fmt.Fprintf(connection, "POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9223372036854775807\r\n\r\n", admission.MutatePodsPath)
	_ = connection.SetReadDeadline(begin.Add(5 * time.Second))
	answer := make([]byte, 64)
	n, err := connection.Read(answer)
	if got := string(answer[:n]); !strings.HasPrefix(got, "HTTP/1.1 413 ") || time.Since(begin) > time.Second {
		t.Errorf("got %q %v after %s, want 413 within a second", got, err, time.Since(begin))
	}
}
