package main

import (
	"context"
	"fmt"

	"github.com/holdfast-mesh/holdfast/test/bench/load"
	"github.com/holdfast-mesh/holdfast/test/bench/pods"
	"github.com/holdfast-mesh/holdfast/test/bench/report"
	"github.com/holdfast-mesh/holdfast/test/bench/stage"
)

// clients are as many as create pods at once.
const clients = 8

// measure measures with what runs.
func measure(ctx context.Context, s *stage.Stage, requests int, say func(what string)) (result *report.Run, err error) {
	// Of clients at once: many short rounds, so that noise meets all.
	rounds := min(15, requests)
	each := max(1, 3*requests/clients/rounds)
	result = &report.Run{Settings: report.Settings{
		Requests: requests, Direct: 2 * requests, Clients: clients, Crowd: each * clients * rounds,
	}}
	if result.Machine, err = report.ThisMachine(s.Cluster.Config); err != nil {
		return nil, err
	}
	cells, err := prepare(s, result)
	if err != nil {
		return nil, err
	}
	warm := max(1, requests/10)
	say("creating pods, one after the other")
	if err := oneByOne(ctx, cells, warm, requests); err != nil {
		return nil, err
	}
	say("asking the servers themselves")
	if err := directly(ctx, cells, warm, 2*requests); err != nil {
		return nil, err
	}
	say(fmt.Sprintf("creating pods, %d clients at once", clients))
	if err := together(ctx, cells, each, rounds); err != nil {
		return nil, err
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
	return result, s.AllAnswered()
}

// cell is a variant with pods of one size: how to ask, and where results go.
type cell struct {
	create, direct load.Call // direct is nil where there is no server
	measured       *report.Measured
}

// prepare makes the cells, and room for their results.
func prepare(s *stage.Stage, result *report.Run) (cells []cell, err error) {
	for size, name := range pods.Sizes {
		pod, review, err := s.Bytes(pods.Size(size))
		if err != nil {
			return nil, err
		}
		result.Sizes = append(result.Sizes, report.Size{Name: name, Pod: pod, Review: review})
	}
	for i := range s.Variants {
		v := &s.Variants[i]
		of := report.Variant{Name: v.Name, Title: v.Title, Sizes: make([]report.Measured, len(pods.Sizes))}
		for size := range pods.Sizes {
			c := cell{measured: &of.Sizes[size]}
			if c.create, err = s.Create(v, pods.Size(size)); err != nil {
				return nil, err
			}
			if v.Webhook() {
				c.direct = s.Direct(v, pods.Size(size))
			}
			cells = append(cells, c)
		}
		result.Variants = append(result.Variants, of)
	}
	return cells, nil
}

func oneByOne(ctx context.Context, cells []cell, warm, rounds int) error {
	var calls []load.Call
	for _, c := range cells {
		calls = append(calls, c.create)
	}
	times, err := load.Interleave(ctx, warm, rounds, calls)
	for i := range times {
		cells[i].measured.Created = report.Sum(times[i])
	}
	return err
}

func directly(ctx context.Context, cells []cell, warm, rounds int) error {
	var calls []load.Call
	var asked []*report.Measured
	for _, c := range cells {
		if c.direct != nil {
			calls, asked = append(calls, c.direct), append(asked, c.measured)
		}
	}
	times, err := load.Interleave(ctx, warm, rounds, calls)
	for i := range times {
		sum := report.Sum(times[i])
		asked[i].Direct = &sum
	}
	return err
}

func together(ctx context.Context, cells []cell, each, rounds int) error {
	var calls []load.Call
	for _, c := range cells {
		calls = append(calls, c.create)
	}
	crowds, err := load.Together(ctx, clients, each, rounds, calls)
	for i := range crowds {
		crowd := report.Crowd{Times: report.Sum(crowds[i].Times)}
		crowd.PerSecond, crowd.Rates = report.Rate(each*clients, crowds[i].Took)
		cells[i].measured.Crowd = crowd
	}
	return err
}
