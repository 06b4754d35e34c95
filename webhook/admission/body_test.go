package admission

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

// padded is a good review of a given size.
func padded(size int) string {
	review := reviewOf(`{"metadata":{"name":"cart"}}`)
	return strings.Repeat(" ", size-len(review)) + review
}

// A Content-Length is a promise: memory is taken for what has come. Otherwise
// a few hundred connections that send nothing fill the memory limit.
func TestPromisedBodyTakesNoMemory(t *testing.T) {
	h := newPodHandler(t, testRules)
	server := httptest.NewServer(h)
	defer server.Close()
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapInuse
	}
	before := heap()
	const connections = 50
	for range connections {
		connection, err := net.Dial("tcp", server.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer connection.Close()
		fmt.Fprintf(connection, "POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n{", MutatePodsPath, maxBodyBytes)
	}
	time.Sleep(200 * time.Millisecond)
	if grown := int64(heap()) - int64(before); grown > connections*1<<20 {
		t.Errorf("got %d bytes for %d requests that sent one byte each", grown, connections)
	}
	for _, size := range []int{keepBodyBytes, 1 << 20} { // the bound is for bodies that have come, too
		if response := responseOf(t, post(h, padded(size))); !response.Allowed {
			t.Errorf("got %+v for a review of %d bytes, want it allowed", response, size)
		}
	}
}

// At most maxLargeBodies large bodies are in memory at a time, whichever handler
// they came to; more get a turn, or an answer that says why not.
func TestLargeBodiesAreBounded(t *testing.T) {
	h := newPodHandler(t, testRules)
	handlers := []http.Handler{h, newPodHandler(t, testRules), newRulesHandler()}
	var writers []*io.PipeWriter
	var workers sync.WaitGroup
	for i := range maxLargeBodies { // as many as may come at a time, which then send no more
		reader, writer := io.Pipe()
		writers = append(writers, writer)
		workers.Go(func() {
			r := httptest.NewRequest(http.MethodPost, MutatePodsPath, reader)
			r.Header.Set("Content-Type", "application/json")
			handlers[i%len(handlers)].ServeHTTP(httptest.NewRecorder(), r)
		})
		// The last byte is read after it counts as large.
		if _, err := writer.Write(bytes.Repeat([]byte(" "), keepBodyBytes+2)); err != nil {
			t.Fatal(err)
		}
	}
	for _, handler := range handlers {
		if w := post(handler, padded(keepBodyBytes+1)); w.Code != http.StatusTooManyRequests || !strings.Contains(w.Body.String(), "at a time") {
			t.Errorf("%T: got %d %q, want 429", handler, w.Code, w.Body)
		}
	}
	responseOf(t, post(h, padded(keepBodyBytes))) // others are answered meanwhile
	for _, writer := range writers {
		writer.Close()
	}
	workers.Wait()
	for range 3 * maxLargeBodies { // a turn comes to its end
		workers.Go(func() { responseOf(t, post(h, padded(1<<20))) })
	}
	workers.Wait()
}

// Who sends too slowly is told so.
func TestSlowBody(t *testing.T) {
	h := newPodHandler(t, testRules)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := http.NewResponseController(w).SetReadDeadline(time.Now().Add(50 * time.Millisecond)); err != nil {
			t.Error(err)
		}
		h.ServeHTTP(w, r)
	}))
	defer server.Close()
	reader, writer := io.Pipe()
	defer writer.Close()
	go func() { _, _ = writer.Write([]byte("{")) }()
	response, err := http.Post(server.URL, "application/json", reader)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, _ := io.ReadAll(response.Body)
	if response.StatusCode != http.StatusRequestTimeout || string(text) != "holdfast: got 1 bytes of the body in time, want all of it\n" {
		t.Errorf("got %s %q, want 408", response.Status, text)
	}
}

// A compressed body is not mistaken for broken JSON.
func TestContentEncoding(t *testing.T) {
	for encoding, want := range map[string]int{"gzip": 415, "identity": 200} {
		r := httptest.NewRequest(http.MethodPost, MutatePodsPath, strings.NewReader(reviewOf(`{}`)))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Content-Encoding", encoding)
		w := httptest.NewRecorder()
		newPodHandler(t, testRules).ServeHTTP(w, r)
		if w.Code != want || (want == 415) != strings.Contains(w.Body.String(), `got Content-Encoding "gzip"`) {
			t.Errorf("%s: got %d %q, want %d", encoding, w.Code, w.Body, want)
		}
	}
}
