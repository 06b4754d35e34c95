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

// Every call is made once a round, and its times come back in the order of the rounds.
func TestInterleave(t *testing.T) {
	count := make([]int, 3)
	var calls []Call
	for i := range count {
		calls = append(calls, func(context.Context) (time.Duration, error) {
			count[i]++
			return time.Duration(100*i + count[i]), nil
		})
	}
	times, err := Interleave(t.Context(), 20, calls)
	if err != nil {
		t.Fatal(err)
	}
	for i := range count {
		if len(times[i]) != 20 || times[i][0] != time.Duration(100*i+1) || times[i][19] != time.Duration(100*i+20) {
			t.Errorf("call %d: got %v, want the 1st to the 20th", i, times[i])
		}
	}
}

// In as many rounds as there are calls each follows each other one once, in twice as many twice.
func TestOrder(t *testing.T) {
	for _, n := range []int{1, 2, 3, 14, 15, 16} {
		follows := map[[2]int]int{}
		for round := range 2 * n {
			got := order(n, round)
			for i := 1; i < n; i++ {
				follows[[2]int{got[i-1], got[i]}]++
			}
			slices.Sort(got)
			for i := range n {
				if got[i] != i {
					t.Fatalf("%d calls, round %d: got %v sorted, want each once", n, round, got)
				}
			}
		}
		if len(follows) != n*(n-1) {
			t.Errorf("%d calls: got %d pairs that follow each other, want %d", n, len(follows), n*(n-1))
		}
		for pair, times := range follows {
			if times != 2 {
				t.Errorf("%d calls: got %v %d times one after the other, want twice", n, pair, times)
			}
		}
	}
}

// Clients make their calls at the same time.
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
	if made != 60 || most != 4 || len(crowds[0].Times) != 60 || len(crowds[0].Took) != 3 {
		t.Errorf("got %d calls, %d at once, %d times and %d rounds; want 60, 4, 60 and 3", made, most, len(crowds[0].Times), len(crowds[0].Took))
	}
}

// A call that fails ends the measurement: nothing is measured of what does not work.
func TestFailure(t *testing.T) {
	broken := errors.New("broken")
	calls := []Call{func(context.Context) (time.Duration, error) { return 0, broken }}
	if _, err := Interleave(t.Context(), 1, calls); !errors.Is(err, broken) {
		t.Errorf("one after the other: got error %v, want %v", err, broken)
	}
	if _, err := Together(t.Context(), 2, 1, 1, calls); !errors.Is(err, broken) {
		t.Errorf("together: got error %v, want %v", err, broken)
	}
}
