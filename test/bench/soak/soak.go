// Package soak asks holdfast very often while its rules are loaded anew every second, and says
// whether it has become slow or large.
package soak

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/holdfast-mesh/holdfast/test/bench/pods"
	"github.com/holdfast-mesh/holdfast/test/bench/report"
	"github.com/holdfast-mesh/holdfast/test/bench/stage"
	"github.com/holdfast-mesh/holdfast/test/bench/variant"
)

const (
	// clients ask at the same time, which keeps two cores busy with them and the servers.
	clients = 2
	// slow is longer than any request may take.
	slow = 50 * time.Millisecond
	// fewest looks say something: one in each fifth of the time.
	fewest = 5
	// settleTime is longer than loading rules takes.
	settleTime = 3 * time.Second
)

// Variants are asked in turn: holdfast with few and with many rules, and the bare server, which
// meets the same noise of the machine.
func Variants() []variant.Variant {
	return variant.Some(variant.Bare, variant.Holdfast(variant.Few, pods.Plain), variant.Holdfast(variant.Many, pods.Plain))
}

// JSONFile is the name of a report's file in docs.
const JSONFile = "soak.json"

// Report is what became of all of it.
type Report struct {
	Machine    report.Machine `json:"machine"`
	Namespaces int            `json:"namespaces"`
	Results    []Result       `json:"results"`
}

// Result is what became of each variant.
type Result struct {
	Title string `json:"title"`
	Rules int    `json:"rules,omitempty"` // of holdfast; 0: it is the bare server
	Asked int    `json:"asked"`
	// Times are of all answers, their parts in the order of time.
	Times   report.Times  `json:"times"`
	Slow    int           `json:"slow"` // took longer than 50 ms
	Slowest time.Duration `json:"slowestNanoseconds"`
	// Loaded is how often a holdfast got new rules, Fifths are the medians of what was seen of it
	// before each time, by the fifths of the time.
	Loaded int    `json:"loaded,omitempty"`
	Fifths []Look `json:"fifths,omitempty"`
	// After is a holdfast when all is over, and nothing is loaded any more.
	After *Look `json:"after,omitempty"`

	variant variant.Variant
	times   []time.Duration
	looks   []Look
}

// Look is the state of a process at some time.
type Look struct {
	Resident   report.Memory `json:"resident"`
	Goroutines int           `json:"goroutines"`
}

// Run asks each variant so many times, with reviews of all sizes in turn. Every so often it looks at
// each holdfast and changes its rules; at the end each must have the last ones in force.
func Run(ctx context.Context, s *stage.Stage, variants []variant.Variant, admissions int, every time.Duration) ([]Result, error) {
	results := make([]Result, len(variants))
	for i, v := range variants {
		results[i] = Result{variant: v, Title: v.Title, Rules: v.Rules}
	}
	asking, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var askers, watcher sync.WaitGroup
	var mu sync.Mutex // of results' counts
	for c := range clients {
		askers.Go(func() {
			for i := c; i < admissions && asking.Err() == nil; i += clients {
				for v := range variants {
					took, err := s.Direct(&variants[v], pods.Size(i%len(pods.Sizes)))(asking)
					if err != nil {
						stop(err)
						return
					}
					mu.Lock()
					results[v].count(took)
					mu.Unlock()
				}
			}
		})
	}
	done := make(chan struct{})
	watcher.Go(func() {
		ticks := time.NewTicker(every)
		defer ticks.Stop()
		for n := 0; ; n++ {
			select {
			case <-done:
				return
			case <-ticks.C:
			}
			if err := look(asking, s, results, 24+n%24); err != nil {
				stop(err)
				return
			}
		}
	})
	askers.Wait()
	close(done)
	watcher.Wait()
	if err := context.Cause(asking); err != nil {
		return nil, err
	}
	for i := range results {
		r := &results[i]
		if r.Rules > 0 && len(r.looks) < fewest {
			return nil, fmt.Errorf("got %d looks at %s, want %d at least: ask more often", len(r.looks), r.Title, fewest)
		}
		r.sum()
	}
	if err := inForce(ctx, s, variants, 77); err != nil {
		return nil, err
	}
	return results, lookAfter(ctx, s, results)
}

// lookAfter looks at every holdfast when it has given back what loading its last rules needed.
func lookAfter(ctx context.Context, s *stage.Stage, results []Result) error {
	time.Sleep(settleTime)
	for i := range results {
		if r := &results[i]; r.Rules > 0 {
			look, err := lookAt(ctx, s, &r.variant)
			if err != nil {
				return err
			}
			r.After = &look
		}
	}
	return nil
}

// lookAt looks at a holdfast.
func lookAt(ctx context.Context, s *stage.Stage, v *variant.Variant) (look Look, err error) {
	if look.Resident, err = s.Resident(v); err != nil {
		return look, err
	}
	look.Goroutines, err = s.Goroutines(ctx, v)
	return look, err
}

// sum sums up what was seen.
func (r *Result) sum() {
	r.Times, r.Loaded = report.Sum(r.times), len(r.looks)
	for i := 0; i < fewest && r.looks != nil; i++ {
		r.Fifths = append(r.Fifths, median(r.looks[i*len(r.looks)/fewest:(i+1)*len(r.looks)/fewest]))
	}
}

func (r *Result) count(took time.Duration) {
	r.Asked++
	r.times = append(r.times, took)
	r.Slowest = max(r.Slowest, took)
	if took > slow {
		r.Slow++
	}
}

// look looks at every holdfast, and gives it new rules.
func look(ctx context.Context, s *stage.Stage, results []Result, hours int) error {
	for i := range results {
		v := &results[i].variant
		if v.Rules == 0 {
			continue
		}
		look, err := lookAt(ctx, s, v)
		if err != nil {
			return err
		}
		results[i].looks = append(results[i].looks, look)
		if err := s.SetRules(v, hours); err != nil {
			return err
		}
	}
	return nil
}

// inForce gives every holdfast rules that it has not had yet, and waits until it answers by them.
func inForce(ctx context.Context, s *stage.Stage, variants []variant.Variant, hours int) error {
	for i := range variants {
		v := &variants[i]
		if v.Rules == 0 {
			continue
		}
		if err := s.SetRules(v, hours); err != nil {
			return err
		}
		for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(50 * time.Millisecond) {
			follows, err := s.Follows(ctx, v, hours)
			if err != nil {
				return err
			}
			if follows {
				break
			}
			if time.Now().After(deadline) {
				return fmt.Errorf("%s does not answer by its last rules 10 s after they were written", v.Title)
			}
		}
	}
	return nil
}
