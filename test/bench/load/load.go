// Package load sends requests, and says how long each took.
package load

import (
	"context"
	"slices"
	"sync"
	"time"
)

// Call sends one request, and returns how long its answer took. What is checked of the answer
// does not count.
type Call func(ctx context.Context) (time.Duration, error)

// Interleave makes each call once a round, one after the other. It returns the times of each
// call, in the order of the rounds.
func Interleave(ctx context.Context, rounds int, calls []Call) ([][]time.Duration, error) {
	times := make([][]time.Duration, len(calls))
	for round := range rounds {
		for _, i := range order(len(calls), round) {
			took, err := calls[i](ctx)
			if err != nil {
				return nil, err
			}
			times[i] = append(times[i], took)
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
// the other.
func Together(ctx context.Context, clients, each, rounds int, calls []Call) ([]Crowd, error) {
	crowds := make([]Crowd, len(calls))
	for round := range rounds {
		for _, i := range order(len(calls), round) {
			begin := time.Now()
			times, err := together(ctx, clients, each, calls[i])
			if err != nil {
				return nil, err
			}
			crowds[i].Took = append(crowds[i].Took, time.Since(begin))
			crowds[i].Times = append(crowds[i].Times, times...)
		}
	}
	return crowds, nil
}

// order is the order of n calls in a round. Over n rounds, or twice as many if n is odd, each
// call follows each other one equally often: what one leaves behind, in caches or to collect as
// garbage, all others meet.
// Source: https://en.wikipedia.org/wiki/Latin_square#Williams_design
func order(n, round int) []int {
	list := make([]int, n)
	for i := range list {
		step := (i + 1) / 2 // 0, 1, -1, 2, -2 and so on, modulo n
		if i%2 == 0 {
			step = n - step
		}
		list[i] = (round + step) % n
	}
	if n%2 == 1 && round/n%2 == 1 {
		slices.Reverse(list)
	}
	return list
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
