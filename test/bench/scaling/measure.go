package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/holdfast-mesh/holdfast/test/bench/load"
	"github.com/holdfast-mesh/holdfast/test/bench/pods"
	"github.com/holdfast-mesh/holdfast/test/bench/report"
	"github.com/holdfast-mesh/holdfast/test/bench/scaling/growth"
	"github.com/holdfast-mesh/holdfast/test/cluster"
	"github.com/holdfast-mesh/holdfast/test/reviews"
)

// settings are what to measure, and with what.
type settings struct {
	requests int
	only     string
	holdfast string
	dir      string // takes rules
	most     int    // of any input
	say      func(what string)
}

// bench is a measurement that runs.
type bench struct {
	settings
	cluster     *cluster.Cluster
	environment []string
	made        objects
}

// measure measures every input.
func measure(ctx context.Context, s settings) (result *growth.Run, err error) {
	container, err := cluster.Deployed()
	if err != nil {
		return nil, err
	}
	b := &bench{settings: s, environment: cluster.Environment(&container)}
	if b.cluster, err = cluster.Start(nil); err != nil {
		return nil, err
	}
	defer func() { _ = b.cluster.Stop() }()
	if err := b.makeNamespace(ctx, pods.Namespace); err != nil {
		return nil, err
	}
	if err := b.cluster.Client.Create(ctx, pods.ConfigMap()); err != nil {
		return nil, err
	}
	result = &growth.Run{Requests: s.requests}
	if result.Machine, err = report.ThisMachine(b.cluster.Config); err != nil {
		return nil, err
	}
	if strings.Contains("loading rules", s.only) {
		if result.Loads, err = b.loads(ctx); err != nil {
			return nil, err
		}
	}
	for _, in := range inputs() {
		if !strings.Contains(in.title, s.only) {
			continue
		}
		rows, err := b.rows(ctx, &in)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", in.title, err)
		}
		result.Inputs = append(result.Inputs, growth.Input{Title: in.title, Wanted: in.wanted, Rows: rows})
	}
	return result, nil
}

// rows measures every amount of an input, beside a process that has the least of it.
func (b *bench) rows(ctx context.Context, in *input) (rows []growth.Row, err error) {
	least := in.of(in.amounts[0])
	beside, err := b.startAlone(ctx, least.rules)
	if err != nil {
		return nil, err
	}
	defer beside.stop()
	review, err := reviews.Body(least.known())
	if err != nil {
		return nil, err
	}
	for _, n := range in.amounts {
		if n > b.most {
			continue
		}
		b.say(fmt.Sprintf("%s: %d", in.title, n))
		row, err := b.row(ctx, in.of(n), beside.ask(review, least.patched, false))
		if err != nil {
			return nil, fmt.Errorf("%d: %w", n, err)
		}
		row.N = n
		rows = append(rows, row)
	}
	return rows, nil
}

// row measures one situation.
func (b *bench) row(ctx context.Context, s situation, beside load.Call) (row growth.Row, err error) {
	if err := b.make(ctx, s.cluster); err != nil {
		return row, err
	}
	p, err := b.start(ctx, s.rules)
	if err != nil {
		return row, err
	}
	defer p.stop()
	review, err := reviews.Body(s.pod)
	if err != nil {
		return row, err
	}
	calls := []load.Call{p.ask(review, s.patched, false), p.ask(review, s.patched, true), beside}
	if _, err := load.Interleave(ctx, max(1, b.requests/10), calls); err != nil { // warm
		return row, err
	}
	times, err := load.Interleave(ctx, b.requests, calls)
	if err != nil {
		return row, err
	}
	same := report.Sum(times[2]).P50
	row.Seen = growth.Time{Milliseconds: report.Sum(times[0]).P50, Beside: same}
	row.New = growth.Time{Milliseconds: report.Sum(times[1]).P50, Beside: same}
	row.Resident, err = report.MemoryOf(p.Pid())
	return row, err
}
