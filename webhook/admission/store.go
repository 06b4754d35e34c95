package admission

import (
	"crypto/sha256"
	"fmt"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-logr/logr"

	"github.com/holdfast-mesh/holdfast/internal/clip"
	"github.com/holdfast-mesh/holdfast/rules/decide"
	"github.com/holdfast-mesh/holdfast/rules/load"
)

// maxLoggedProblems bounds the log lines about one version of the rules.
const maxLoggedProblems = 50

// inForce is what the store holds: an immutable snapshot.
type inForce struct {
	set    *decide.Set
	loaded time.Time
}

// Store holds the rules in force. Readers never wait; a bad edit keeps the
// last good rules.
type Store struct {
	current atomic.Pointer[inForce]
	metrics *Metrics
	log     logr.Logger

	mu     sync.Mutex // of writers
	digest [sha256.Size]byte
	seen   bool
	fault  string // why the newest version is not in force; "" if it is
	notify []func(*decide.Set)
}

// Offered is what became of an offered rules file; the zero value for the text
// that was offered last.
type Offered struct {
	Recovered bool // in force, after a version that was not
	Problems  load.Problems
	Err       error // nil if in force
}

// NewStore makes a store without rules.
func NewStore(m *Metrics, log logr.Logger) *Store { return &Store{metrics: m, log: log} }

// Set returns the rules in force, nil before the first.
func (s *Store) Set() *decide.Set {
	if c := s.current.Load(); c != nil {
		return c.set
	}
	return nil
}

// OnChange calls f with the rules in force, now if there are any, and after
// every change.
func (s *Store) OnChange(f func(*decide.Set)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.notify = append(s.notify, f)
	if set := s.Set(); set != nil {
		f(set)
	}
}

// Offer puts a rules file in force if it has no errors. name stands in its
// problems, source, such as "file /etc/holdfast/rules.yaml" or "configmap
// holdfast-system/holdfast-rules", in the log.
func (s *Store) Offer(source, name string, data []byte) Offered {
	s.mu.Lock()
	defer s.mu.Unlock()
	digest := sha256.Sum256(data)
	if s.seen && digest == s.digest {
		return Offered{}
	}
	s.digest, s.seen = digest, true
	// A defect in loading must not take down a server with good rules.
	set, problems, err := compile(name, data)
	for i, p := range problems {
		if i == maxLoggedProblems {
			s.log.Info("more problems in the rules; holdfast check lists them", "source", source, "more", len(problems)-i)
			break
		}
		fields := []any{"source", source, "line", p.Line, "column", p.Column, "code", p.Code, "path", p.Path, "problem", p.Message}
		if p.Severity == load.Error {
			s.log.Error(nil, "error in the rules", fields...)
		} else {
			s.log.Info("warning about the rules", fields...)
		}
	}
	if err != nil {
		s.failed(source, err.Error())
		return Offered{Problems: problems, Err: err}
	}
	recovered := s.fault != ""
	s.fault = ""
	now := time.Now()
	s.current.Store(&inForce{set, now})
	s.metrics.rulesLoaded(set, now)
	s.log.Info("rules loaded", "source", source, "rules", len(set.File().Rules), "mode", set.File().Mode, "hash", set.Hash())
	for _, f := range s.notify {
		f(set)
	}
	// Loading leaves several times the set's own size behind. Giving it back
	// at once keeps a small memory limit from being hit by the next edit.
	if len(data) > 1<<20 {
		debug.FreeOSMemory()
	}
	return Offered{Recovered: recovered, Problems: problems}
}

// Lost says that the source has no rules any more. The last good ones stay.
// It reports whether that is news.
func (s *Store) Lost(source, why string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fault == why {
		return false
	}
	s.seen = false // the same text again is news now
	s.failed(source, why)
	return true
}

// failed keeps what is in force and says so. Called with the lock held.
func (s *Store) failed(source, why string) {
	s.fault = why
	s.metrics.rulesNotLoaded()
	if c := s.current.Load(); c != nil {
		s.log.Error(nil, "rules not loaded, the last good ones stay in force", "source", source, "cause", clip.Text(why, 1000), "hash", c.set.Hash(), "loaded", c.loaded.UTC().Format(time.RFC3339))
		return
	}
	s.log.Error(nil, "rules not loaded, and there are none yet; pods pass unchanged", "source", source, "cause", clip.Text(why, 1000))
}

// Check says why there are no rules in force; nil if there are.
func (s *Store) Check() error {
	if s.current.Load() != nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fault != "" {
		return fmt.Errorf("no rules loaded: %s", clip.Text(s.fault, 500))
	}
	return fmt.Errorf("no rules loaded yet")
}

// compile loads a rules file and compiles it; a panic is an error.
func compile(name string, data []byte) (set *decide.Set, problems load.Problems, err error) {
	defer func() {
		if caught := recover(); caught != nil {
			set, err = nil, fmt.Errorf("panic while loading %s: %v\n%s", name, caught, debug.Stack())
		}
	}()
	file, problems := load.Rules(name, data)
	if problems.HasErrors() {
		return nil, problems, problems
	}
	return decide.Compile(file), problems, nil
}
