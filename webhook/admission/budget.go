package admission

import (
	"bytes"
	"context"
	"sync"
	"time"
)

// budget is memory that all requests of the process share, in bytes.
type budget struct {
	mu      sync.Mutex
	free    int
	freed   chan struct{} // closed when something is given back; nil if nobody waits for it
	senders []*body       // hold some of it and are still arriving, oldest first
}

func newBudget(size int) *budget { return &budget{free: size} }

// The two budgets of the process: bodies, and what is made of them. They are
// two because whoever waits for the second holds some of the first.
var (
	bodyMemory   = newBudget(maxBodyMemory)
	reviewMemory = newBudget(maxReviewMemory)
)

// take takes n bytes, and waits for them as long as turnWait. It reports
// whether it got them. Until then it calls urge now and then, if that is not nil.
func (b *budget) take(ctx context.Context, n int, urge func()) bool {
	if freed := b.try(n); freed == nil {
		return true
	}
	limited, cancel := context.WithTimeout(ctx, turnWait)
	defer cancel()
	again := time.NewTicker(senderPatience / 2)
	defer again.Stop()
	for {
		freed := b.try(n)
		if freed == nil {
			return true
		}
		if urge != nil {
			urge()
		}
		select {
		case <-freed:
		case <-again.C:
		case <-limited.Done():
			return false
		}
	}
}

// try takes n bytes, or returns what is closed when trying again may help.
func (b *budget) try(n int) (freed <-chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.free < n {
		if b.freed == nil {
			b.freed = make(chan struct{})
		}
		return b.freed
	}
	b.free -= n
	return nil
}

// give gives n bytes back.
func (b *budget) give(n int) {
	if n == 0 {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.free += n
	if b.freed != nil {
		close(b.freed)
		b.freed = nil
	}
}

// arriving remembers a body that takes of the budget while it arrives.
func (b *budget) arriving(sender *body) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.senders = append(b.senders, sender)
}

// arrived forgets it again.
func (b *budget) arrived(sender *body) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i, s := range b.senders {
		if s == sender {
			b.senders = append(b.senders[:i], b.senders[i+1:]...)
			return
		}
	}
}

// cutSlow ends the slowest senders, but for one, until n bytes come free. An API server sends
// a review in one go; who takes longer than senderPatience while others wait is
// slow by purpose or by a broken network, and would hold what others need.
func (b *budget) cutSlow(n int, but *body) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, s := range b.senders {
		if n <= 0 || time.Since(s.began) < senderPatience {
			return
		}
		if s != but {
			n -= s.taken
			s.cutOff()
		}
	}
}

// weight estimates what decoding a review takes, in bytes: its texts are copied,
// and each value has a place in a list or a map.
func weight(review []byte) int {
	values := 0
	for _, mark := range []byte{',', '{', '['} {
		values += bytes.Count(review, []byte{mark})
	}
	// Texts hold commas too. Counting without them takes as long as decoding, so
	// only where it matters.
	if values*valueBytes > len(review)+cheapWeight {
		values = countValues(review)
	}
	return len(review) + values*valueBytes
}

// countValues counts the values of a JSON text, or more than there are.
func countValues(text []byte) (n int) {
	quoted := false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '"':
			quoted = !quoted
		case quoted && c == '\\':
			i++
		case !quoted && (c == ',' || c == '{' || c == '['):
			n++
		}
	}
	return n
}
