// Package load sends requests, and says how long each took.
package load

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"
)

// Call sends one request, and returns how long its answer took. What is checked of the answer
// does not count.
type Call func(ctx context.Context) (time.Duration, error)

// Interleave makes each call once a round, one after the other, in a new order each round, so
// that none follows always the same. The first rounds, warm of them, do not count. It returns
// the times of each call, in the order of the rounds.
func Interleave(ctx context.Context, warm, rounds int, calls []Call) ([][]time.Duration, error) {
	times := make([][]time.Duration, len(calls))
	random := newRandom()
	for round := range warm + rounds {
		for _, i := range random.Perm(len(calls)) {
			took, err := calls[i](ctx)
			if err != nil {
				return nil, err
			}
			if round >= warm {
				times[i] = append(times[i], took)
			}
		}
	}
	return times, nil
}

// Crowd is what many clients at once have measured.
type Crowd struct {
	Times []time.Duration
	Took  []time.Duration // each round: all requests of it together
}

// Together lets many clients at once make a call, each so many times a round; one call after
// the other, in a new order each round. The first round does not count.
func Together(ctx context.Context, clients, each, rounds int, calls []Call) ([]Crowd, error) {
	crowds := make([]Crowd, len(calls))
	random := newRandom()
	for round := range 1 + rounds {
		for _, i := range random.Perm(len(calls)) {
			begin := time.Now()
			times, err := together(ctx, clients, each, calls[i])
			if err != nil {
				return nil, err
			}
			if round > 0 {
				crowds[i].Took = append(crowds[i].Took, time.Since(begin))
				crowds[i].Times = append(crowds[i].Times, times...)
			}
		}
	}
	return crowds, nil
}

func together(ctx context.Context, clients, each int, call Call) (all []time.Duration, problem error) {
	var group sync.WaitGroup
	var mu sync.Mutex
	for range clients {
		group.Go(func() {
			var times []time.Duration
			for range each {
				took, err := call(ctx)
				if err != nil {
					mu.Lock()
					defer mu.Unlock()
					problem = err
					return
				}
				times = append(times, took)
			}
			mu.Lock()
			defer mu.Unlock()
			all = append(all, times...)
		})
	}
	group.Wait()
	return all, problem
}

// newRandom gives the same orders in every run.
func newRandom() *rand.Rand { return rand.New(rand.NewPCG(1, 2)) }
