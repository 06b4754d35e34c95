package load

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// Every call is made once a round, its times come back in the order of the rounds, those of
// the first ones are left out, and no order is always the same.
func TestInterleave(t *testing.T) {
	var order []int
	count := make([]int, 3)
	var calls []Call
	for i := range count {
		calls = append(calls, func(context.Context) (time.Duration, error) {
			order = append(order, i)
			count[i]++
			return time.Duration(100*i + count[i]), nil
		})
	}
	times, err := Interleave(t.Context(), 2, 20, calls)
	if err != nil {
		t.Fatal(err)
	}
	before := map[[2]int]bool{}
	for i := range count {
		if len(times[i]) != 20 || times[i][0] != time.Duration(100*i+3) || times[i][19] != time.Duration(100*i+22) {
			t.Errorf("call %d: got %v, want the 3rd to the 22nd", i, times[i])
		}
	}
	for round := range slices.Chunk(order, len(count)) {
		for i := 1; i < len(round); i++ {
			before[[2]int{round[i-1], round[i]}] = true
		}
		if sorted := slices.Sorted(slices.Values(round)); !slices.Equal(sorted, []int{0, 1, 2}) {
			t.Errorf("got the round %v, want each call once", round)
		}
	}
	if len(before) != 6 {
		t.Errorf("got %v as neighbours, want every pair in both orders", before)
	}
}

// Clients make their calls at the same time; the first round does not count.
func TestTogether(t *testing.T) { synctest.Test(t, manyAtOnce) }

func manyAtOnce(t *testing.T) {
	var mu sync.Mutex
	running, most, made := 0, 0, 0
	crowds, err := Together(t.Context(), 4, 5, 3, []Call{func(context.Context) (time.Duration, error) {
		mu.Lock()
		running++
		made++
		most = max(most, running)
		mu.Unlock()
		time.Sleep(5 * time.Millisecond)
		mu.Lock()
		running--
		mu.Unlock()
		return time.Second, nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	if made != 80 || most != 4 || len(crowds[0].Times) != 60 || len(crowds[0].Took) != 3 {
		t.Errorf("got %d calls, %d at once, %d times and %d rounds; want 80, 4, 60 and 3", made, most, len(crowds[0].Times), len(crowds[0].Took))
	}
}

// A call that fails ends the measurement: nothing is measured of what does not work.
func TestFailure(t *testing.T) {
	broken := errors.New("broken")
	calls := []Call{func(context.Context) (time.Duration, error) { return 0, broken }}
	if _, err := Interleave(t.Context(), 1, 1, calls); !errors.Is(err, broken) {
		t.Errorf("one after the other: got error %v, want %v", err, broken)
	}
	if _, err := Together(t.Context(), 2, 1, 1, calls); !errors.Is(err, broken) {
		t.Errorf("together: got error %v, want %v", err, broken)
	}
}
