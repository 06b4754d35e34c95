package main

import (
	"context"
	"sync"
	"time"

	"github.com/holdfast-mesh/holdfast/test/certs"
	"github.com/holdfast-mesh/holdfast/test/lab/machine"
	"github.com/holdfast-mesh/holdfast/test/lab/netns"
	"github.com/holdfast-mesh/holdfast/test/lab/report"
	"github.com/holdfast-mesh/holdfast/test/lab/scenario"
)

// lab is a running lab. close ends everything in reverse order.
type lab struct {
	dir       string
	tools     *machine.Tools
	authority *certs.Authority
	identity  string // folder with a certificate of the clients, for tunnels
	logf      func(string, ...any)
	processes *machine.Processes
	network   *netns.Network
	plane     *plane

	mu   sync.Mutex
	ends []func()
}

// atEnd registers what close does.
func (l *lab) atEnd(f func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ends = append(l.ends, f)
}

// close ends what the lab started, last one first.
func (l *lab) close() {
	l.mu.Lock()
	ends := l.ends
	l.ends = nil
	l.mu.Unlock()
	for i := len(ends) - 1; i >= 0; i-- {
		ends[i]()
	}
}

// run runs the lanes side by side, their stages one after another, and returns what was
// measured, in the table's order.
func (l *lab) run(ctx context.Context, lanes [][][]scenario.Scenario) ([]report.Scenario, error) {
	type lane struct {
		stages   [][]scenario.Scenario
		measured []report.Scenario
	}
	var all []*lane
	for _, stages := range lanes {
		all = append(all, &lane{stages: stages})
	}
	err := machine.Together(all, func(one *lane) error {
		for _, stage := range one.stages {
			measured, err := l.runStage(ctx, stage)
			if err != nil {
				return err
			}
			one.measured = append(one.measured, measured...)
		}
		return nil
	})
	var measured []report.Scenario
	for _, one := range all {
		measured = append(measured, one.measured...)
	}
	return measured, err
}

// wait waits, but not after the end of ctx.
func wait(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
