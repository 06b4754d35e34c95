package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/holdfast-mesh/holdfast/test/bench/load"
	"github.com/holdfast-mesh/holdfast/test/bench/pods"
	"github.com/holdfast-mesh/holdfast/test/bench/report"
	"github.com/holdfast-mesh/holdfast/test/bench/stage"
)

// turn is how many pods many clients create before it is the next variant's turn, one each at least:
// few, so that variants that are held against each other meet the same noise.
const turn = 32

// turns are how many a variant has with clients and pods of a size, and how many more those two have
// that targets hold against each other, for each hundred requests one after the other: small pods
// take less time, and their rates scatter more.
var turns = []struct{ all, compared int }{pods.Small: {8, 100}, pods.Typical: {5, 60}, pods.Fat: {2, 20}}

// measure measures with what runs.
func measure(ctx context.Context, s *stage.Stage, requests, clients int, say func(what string)) (result *report.Run, err error) {
	each := max(1, turn/clients)
	result = &report.Run{Settings: report.Settings{Clients: clients, Turn: each * clients}}
	if result.Machine, err = report.ThisMachine(s.Cluster.Config); err != nil {
		return nil, err
	}
	all, err := prepare(s, result)
	if err != nil {
		return nil, err
	}
	// One size after the other: small pods should not wait for what fat ones leave behind.
	say("creating pods, one after the other")
	for _, cells := range all {
		if result.Settings.Requests, err = oneByOne(ctx, s, cells, requests); err != nil {
			return nil, err
		}
	}
	say("asking the servers themselves")
	for _, cells := range all {
		if result.Settings.Direct, err = directly(ctx, s, cells, 2*requests); err != nil {
			return nil, err
		}
	}
	say(fmt.Sprintf("creating pods, %d clients at once", clients))
	for size, cells := range all {
		if err := together(ctx, s, cells, clients, each, turns[size].all*requests/100); err != nil {
			return nil, err
		}
		compared := slices.DeleteFunc(slices.Clone(cells), func(c cell) bool { return !slices.Contains(report.Compared, c.variant.Name) })
		if err := together(ctx, s, compared, clients, each, turns[size].compared*requests/100); err != nil {
			return nil, err
		}
	}
	for i := range s.Variants {
		if v := &s.Variants[i]; v.Webhook() {
			resident, err := s.Resident(v)
			if err != nil {
				return nil, err
			}
			result.Variants[i].Resident = &resident
		}
	}
	return result, s.AllAnswered(ctx)
}

// oneByOne creates pods through the API server. It returns how many by each variant.
func oneByOne(ctx context.Context, s *stage.Stage, cells []cell, requests int) (made int, err error) {
	var calls []load.Call
	for _, c := range cells {
		calls = append(calls, c.create)
	}
	made, times, err := inTurn(ctx, s, cells, calls, requests)
	for i := range times {
		cells[i].measured.Created = times[i]
	}
	return made, err
}

// directly asks the servers. It returns how often each.
func directly(ctx context.Context, s *stage.Stage, cells []cell, requests int) (made int, err error) {
	var calls []load.Call
	var asked []cell
	for _, c := range cells {
		if c.direct != nil {
			calls, asked = append(calls, c.direct), append(asked, c)
		}
	}
	made, times, err := inTurn(ctx, s, asked, calls, requests)
	for i := range times {
		asked[i].measured.Direct = &times[i]
	}
	return made, err
}

// inTurn makes calls in turn, one of each cell, at least so often. It returns how often.
func inTurn(ctx context.Context, s *stage.Stage, cells []cell, calls []load.Call, requests int) (made int, sums []report.Times, err error) {
	// A cycle, in which each call follows each other one once, and before and after which servers are
	// asked how long they took.
	cycle := min(len(calls), requests)
	if _, err := load.Interleave(ctx, cycle, calls); err != nil { // warm
		return 0, nil, err
	}
	last, err := spent(ctx, s, cells)
	if err != nil {
		return 0, nil, err
	}
	times, own, rest := make([][]time.Duration, len(cells)), make([][]float64, len(cells)), make([][]float64, len(cells))
	for ; made < requests; made += cycle {
		more, err := load.Interleave(ctx, cycle, calls)
		if err != nil {
			return 0, nil, err
		}
		now, err := spent(ctx, s, cells)
		if err != nil {
			return 0, nil, err
		}
		for i := range cells {
			times[i] = append(times[i], more[i]...)
			mean := now[i].since(last[i])
			own[i] = append(own[i], report.Milliseconds(mean))
			rest[i] = append(rest[i], report.Milliseconds(report.Mean(more[i])-mean))
		}
		last = now
	}
	for i := range cells {
		sum := report.Sum(times[i])
		sum.Own, sum.Rest = report.Median(own[i]), report.Median(rest[i])
		sums = append(sums, sum)
	}
	return made, sums, nil
}

// own is how many reviews a server has answered, and how long that took it.
type own struct {
	reviews int
	took    time.Duration
}

// since is how long each of the reviews took that were answered since then; 0 if there were none.
func (o own) since(then own) time.Duration {
	return (o.took - then.took) / time.Duration(max(1, o.reviews-then.reviews))
}

// spent asks the servers that measure for what they have answered so far.
func spent(ctx context.Context, s *stage.Stage, cells []cell) ([]own, error) {
	list := make([]own, len(cells))
	for i, c := range cells {
		if !c.variant.Measures() {
			continue
		}
		var err error
		if list[i].reviews, list[i].took, err = s.Spent(ctx, c.variant); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// together creates pods by many clients at once, so many each in a round, of which there is at least
// one.
func together(ctx context.Context, s *stage.Stage, cells []cell, clients, each, rounds int) error {
	var calls []load.Call
	for _, c := range cells {
		calls = append(calls, c.create)
	}
	if _, err := load.Together(ctx, clients, each, 1, calls); err != nil { // warm
		return err
	}
	before, err := used(s, cells)
	if err != nil {
		return err
	}
	crowds, err := load.Together(ctx, clients, each, max(1, rounds), calls)
	if err != nil {
		return err
	}
	after, err := used(s, cells)
	if err != nil {
		return err
	}
	for i, crowd := range crowds {
		cells[i].measured.Crowd = report.Crowd{
			Rates: report.Rates(each*clients, crowd.Took), Pods: len(crowd.Times), Times: report.Sum(crowd.Times),
			CPU: report.Milliseconds((after[i] - before[i]) / time.Duration(len(crowd.Times))),
		}
	}
	return nil
}

// used is how long the servers have used a core so far.
func used(s *stage.Stage, cells []cell) ([]time.Duration, error) {
	list := make([]time.Duration, len(cells))
	for i, c := range cells {
		if !c.variant.Webhook() {
			continue
		}
		var err error
		if list[i], err = s.CPUTime(c.variant); err != nil {
			return nil, err
		}
	}
	return list, nil
}
