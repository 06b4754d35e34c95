package admission

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"strings"
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
	for _, size := range []int{usualBodyBytes, usualBodyBytes + 1, 1 << 20, maxBodyBytes} { // the bound is for bodies that have come, too
		if response := responseOf(t, post(h, padded(size))); !response.Allowed {
			t.Errorf("got %+v for a review of %d bytes, want it allowed", response, size)
		}
	}
}

// A body whose length is known moves once: what has come while only little room was made.
func TestRoomForKnownLength(t *testing.T) {
	for _, size := range []int{firstBodyBytes - 1, firstBodyBytes + 1, usualBodyBytes, usualBodyBytes + 1, 1 << 20} {
		var b body
		reads := &countedReads{from: strings.NewReader(padded(size))}
		r := httptest.NewRequest(http.MethodPost, MutatePodsPath, reads)
		r.ContentLength = int64(size)
		r.Header.Set("Content-Type", "application/json")
		if refused := b.read(httptest.NewRecorder(), r); refused != nil {
			t.Fatal(refused.text)
		}
		if reads.full > 2 {
			t.Errorf("%d bytes were read into %d rooms, want 2 at most", size, reads.full)
		}
		if len(b.data) != size || cap(b.data) != size {
			t.Errorf("got %d bytes in room for %d, want %d", len(b.data), cap(b.data), size)
		}
		b.giveBack()
	}
}

// countedReads counts what is read from something that is never short of bytes.
type countedReads struct {
	from io.Reader
	full int // not at the end
}

func (c *countedReads) Read(p []byte) (int, error) {
	n, err := c.from.Read(p)
	if n > 0 {
		c.full++
	}
	return n, err
}

func freeOf(b *budget) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.free
}

// slowBody is a sender that sends n bytes to a handler, and then no more until
// it is closed.
func slowBody(t *testing.T, h http.Handler, n int) (answer <-chan *httptest.ResponseRecorder, end io.Closer) {
	t.Helper()
	reader, writer := io.Pipe()
	answers := make(chan *httptest.ResponseRecorder, 1)
	go func() {
		r := httptest.NewRequest(http.MethodPost, MutatePodsPath, reader)
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		h.ServeHTTP(&pipedAnswer{w, writer}, r)
		answers <- w
	}()
	// The last byte is read when there is room for it.
	if _, err := writer.Write(bytes.Repeat([]byte(" "), n)); err != nil {
		t.Fatal(err)
	}
	return answers, writer
}

// pipedAnswer is an answer whose request has a deadline for reading, as those of
// net/http have: it ends the pipe.
type pipedAnswer struct {
	*httptest.ResponseRecorder
	writer *io.PipeWriter
}

func (u *pipedAnswer) SetReadDeadline(time.Time) error {
	return u.writer.CloseWithError(os.ErrDeadlineExceeded)
}

// All bodies together take no more than maxBodyMemory beyond the room that every
// connection has, whichever handler they came to. Slow senders make room for
// those who send at once, and are told so.
func TestSlowBodiesMakeRoom(t *testing.T) {
	handlers := []http.Handler{newPodHandler(t, testRules), newRulesHandler()}
	var answers []<-chan *httptest.ResponseRecorder
	var ends []io.Closer
	for i := range 4 { // 4 MiB each
		answer, end := slowBody(t, handlers[i%2], 2<<20+1)
		answers, ends = append(answers, answer), append(ends, end)
	}
	if free := freeOf(bodyMemory); free != 0 {
		t.Fatalf("got %d bytes free after 4 bodies of 4 MiB each, want none", free)
	}
	begin := time.Now()
	responseOf(t, post(handlers[0], padded(usualBodyBytes)))
	if took := time.Since(begin); took > senderPatience {
		t.Errorf("a usual body waited for %s, want it not to need what others hold", took)
	}
	responseOf(t, post(handlers[0], padded(1<<20)))
	select {
	case w := <-answers[0]:
		if w.Code != http.StatusRequestTimeout || !strings.Contains(w.Body.String(), "while others waited") {
			t.Errorf("the slowest sender got %d %q, want 408", w.Code, w.Body)
		}
	case <-time.After(5 * time.Second):
		t.Fatal("the slowest sender was not cut off")
	}
	for i, answer := range answers[1:] {
		select {
		case w := <-answer:
			t.Errorf("sender %d got %d %q, want it to go on: there was room", i+1, w.Code, w.Body)
		default:
		}
		ends[i+1].Close()
		<-answer
	}
	if free := freeOf(bodyMemory); free != maxBodyMemory || len(bodyMemory.senders) > 0 {
		t.Errorf("got %d bytes free and %d senders at the end, want %d and none", free, len(bodyMemory.senders), maxBodyMemory)
	}
}

// Memory that quick requests hold is waited for, not for ever.
func TestNoMemory(t *testing.T) {
	h := newPodHandler(t, testRules)
	for name, b := range map[string]*budget{"bodies": bodyMemory, "reviews": reviewMemory} {
		all := freeOf(b)
		b.take(t.Context(), all, nil)
		begin := time.Now()
		w := post(h, padded(1<<20))
		if took := time.Since(begin); w.Code != http.StatusTooManyRequests || took < turnWait || took > 2*turnWait {
			t.Errorf("%s: got %d %q after %s, want 429 after %s", name, w.Code, w.Body, took, turnWait)
		}
		time.AfterFunc(turnWait/10, func() { b.give(all) })
		responseOf(t, post(h, padded(1<<20)))
		if free := freeOf(b); free != all {
			t.Errorf("%s: got %d bytes free at the end, want %d", name, free, all)
		}
	}
}

// Who has left is not waited for, and no rules are read for.
func TestClientLeaves(t *testing.T) {
	validating <- struct{}{}
	defer func() { <-validating }()
	ctx, leave := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, leave)
	r := httptest.NewRequestWithContext(ctx, http.MethodPost, ValidateRulesPath, strings.NewReader(configMapReview(t, "holdfast-rules", nil, map[string]string{RulesKey: testRules})))
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	begin := time.Now()
	newRulesHandler().ServeHTTP(w, r)
	if took := time.Since(begin); took > validateWait/2 || w.Body.Len() > 0 {
		t.Errorf("got %d %q after %s, want nothing as soon as the client leaves", w.Code, w.Body, took)
	}
}

// Three bytes of JSON can take hundreds of bytes of memory: what weighs too much
// is not read, and admitted all the same. Commas in texts weigh nothing.
func TestHeavyObject(t *testing.T) {
	h := newPodHandler(t, testRules)
	many := strings.Repeat("{},", maxReviewWeight/valueBytes/2)
	heavy := `{"metadata":{"name":"cart"},"spec":{"containers":[` + many + `{}]}}`
	commas := `{"metadata":{"name":"cart","annotations":{"a":"\"` + strings.Repeat(",{[", 300_000) + `"}},"spec":{"containers":[]}}`
	for pod, want := range map[string]string{heavy: "TooLarge", commas: "NoRuleMatched"} {
		response := responseOf(t, post(h, reviewOf(pod)))
		if got := strings.Join(response.Warnings, " "); !response.Allowed || strings.Contains(got, "too many values") != (pod == heavy) || response.AuditAnnotations["reason"] != want {
			t.Errorf("got allowed %v, %v, %q, want it allowed, and %s", response.Allowed, response.AuditAnnotations, got, want)
		}
	}
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
