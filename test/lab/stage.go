package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/holdfast-mesh/holdfast/istio"
	"github.com/holdfast-mesh/holdfast/test/lab/envoy"
	"github.com/holdfast-mesh/holdfast/test/lab/machine"
	"github.com/holdfast-mesh/holdfast/test/lab/netns"
	"github.com/holdfast-mesh/holdfast/test/lab/probe"
	"github.com/holdfast-mesh/holdfast/test/lab/report"
	"github.com/holdfast-mesh/holdfast/test/lab/scenario"
	"github.com/holdfast-mesh/holdfast/test/lab/waypoint"
)

// running is a scenario under way.
type running struct {
	scenario.Scenario
	pod      *pod
	outside  *netns.Pod // where the clients run that are not in the pod; nil if there are none
	apps     []*application
	server   *machine.Process // the application as a server; nil if it is none
	served   *envoy.Served    // what istiod had served before anything happened; nil where it does not matter
	verified string           // what was not as the table expects when it was asked whether all is in force
	before   map[string]int64
	report   report.Scenario
	change   time.Time // when the API server, or holdfast, had it
	reached  time.Time // when the proxy had what follows from it, at the latest
	death    time.Time
	stopped  time.Time  // when SIGTERM was sent
	gone     time.Time  // when the proxy had ended then
	ending   chan error // tells when that is so
}

// runStage runs scenarios side by side.
func (l *lab) runStage(ctx context.Context, scenarios []scenario.Scenario) ([]report.Scenario, error) {
	all := make([]*running, len(scenarios))
	for i, s := range scenarios {
		all[i] = &running{Scenario: s}
	}
	begin := time.Now()
	if err := l.plane.prepare(ctx, all); err != nil {
		return nil, err
	}
	if err := machine.Together(all, func(r *running) error { return l.bringUp(ctx, r) }); err != nil {
		return nil, err
	}
	if err := machine.Together(all, func(r *running) error { return l.inspect(ctx, r) }); err != nil {
		return nil, err
	}
	l.logf("%d pods run, %.0f s; their clients start", len(all), time.Since(begin).Seconds())
	if err := machine.Together(all, func(r *running) error { return l.begin(ctx, r) }); err != nil {
		return nil, err
	}
	if err := l.strike(ctx, all); err != nil {
		return nil, err
	}
	err := machine.Together(all, func(r *running) error { return l.finish(ctx, r) })
	reports := make([]report.Scenario, len(all))
	drawn := make([]scenario.Scenario, len(all))
	for i, r := range all {
		reports[i], drawn[i] = r.report, r.Scenario
	}
	if problem := scenario.Spread(drawn); problem != "" {
		reports[0].Problem = cmp.Or(reports[0].Problem, problem)
	}
	return reports, err
}

func (l *lab) bringUp(ctx context.Context, r *running) error {
	object, err := admit(ctx, l.plane.Mesh, &r.Scenario)
	if err != nil {
		return err
	}
	if err := r.Drawn(object.Annotations[istio.ProxyConfigAnnotation]); err != nil {
		return err
	}
	if r.pod, err = l.place(ctx, &r.Scenario, object); err != nil {
		return err
	}
	if r.IsProxy() || slices.ContainsFunc(r.Clients, func(c scenario.Client) bool { return c.Outside }) {
		if r.outside, err = l.network.AddPod(ctx, r.Name+"-clients", r.Forgets, r.IPv6); err != nil {
			return err
		}
	}
	if r.Waypoint {
		if err := waypoint.Run(ctx, l.plane.Client, object, r.pod.Address.String()); err != nil {
			return fmt.Errorf("scenario %s: %w", r.Name, err)
		}
	}
	if err := l.start(ctx, r); err != nil {
		return err
	}
	if r.Serves > 0 {
		if err := l.serve(ctx, r); err != nil {
			return err
		}
	}
	r.report, err = described(&r.Scenario, object)
	return err
}

// inspect asks whether all is in force, before any clock runs: that takes as long as the machine
// is busy.
func (l *lab) inspect(ctx context.Context, r *running) (err error) {
	if r.before, err = r.pod.counts(ctx); err != nil {
		return err
	}
	if r.Untouched {
		if r.served, err = r.pod.served(ctx); err != nil {
			return err
		}
	}
	r.verified, err = l.verify(ctx, r)
	return err
}

// begin starts the scenario's clients and waits for their first answers.
func (l *lab) begin(ctx context.Context, r *running) error {
	if !r.Starts {
		if err := l.startClients(ctx, r, false); err != nil {
			return err
		}
	}
	return machine.Together(r.apps, func(a *application) error { return a.waitReady(ctx) })
}

// startClients starts the clients that are late, or those that are not.
func (l *lab) startClients(ctx context.Context, r *running, late bool) error {
	for _, c := range r.Clients {
		if c.Late != late {
			continue
		}
		app, err := l.launch(ctx, r, c)
		if err != nil {
			return err
		}
		r.apps = append(r.apps, app)
	}
	return nil
}

// strike lets happen what the scenarios wait for, once every connection has been up for a
// moment: something in the mesh changes, servers die, and pods are deleted.
func (l *lab) strike(ctx context.Context, all []*running) error {
	if err := wait(ctx, beforeStrike); err != nil {
		return err
	}
	for _, r := range all {
		if r.Dies {
			r.death = time.Now()
			if err := l.network.Silence(ctx, r.pod.Pod); err != nil {
				return err
			}
		}
		if r.Stops {
			inside := r.inside()
			r.stopped, r.ending = time.Now(), make(chan error, 1)
			go func() { r.ending <- l.stop(ctx, r, inside) }()
		}
	}
	return l.plane.change(ctx, all)
}

// beforeStrike is how long connections live before anything happens: shorter than the idle timer.
const beforeStrike = 5 * time.Second

// afterChange is how long a change is given to do what it should, or should not.
const afterChange = 2 * time.Second

// settle waits until a change of the mesh is over: where it concerns the pod's own proxy, until
// that has a new configuration, which takes istiod some seconds when much else happens.
func (r *running) settle(ctx context.Context) error {
	switch r.Change {
	case "":
		return nil
	case scenario.AccessLogs, scenario.ObjectsApplied, scenario.ObjectsDeleted:
		if err := r.pod.awaitModified(ctx, r.before); err != nil {
			return fmt.Errorf("scenario %s: %s: %w", r.Name, r.Change, err)
		}
	}
	r.reached = time.Now()
	return wait(ctx, afterChange)
}

// finish waits for the clients and writes down what they and Envoy saw.
func (l *lab) finish(ctx context.Context, r *running) (err error) {
	if err := r.settle(ctx); err != nil {
		return err
	}
	if r.report.Sockets, err = r.pod.sockets(ctx, &r.Scenario); err != nil {
		return err
	}
	r.report.Problem = cmp.Or(r.verified, checkProbes(&r.Scenario, r.report.Sockets))
	if r.Stops {
		if err := wait(ctx, time.Until(r.stopped.Add(scenario.NewAfter))); err != nil {
			return err
		}
	}
	if err := l.startClients(ctx, r, true); err != nil {
		return err
	}
	during, err := r.during(ctx)
	if err != nil {
		return err
	}
	if err := r.collect(ctx); err != nil {
		return err
	}
	after := r.before // a proxy that has ended tells nothing
	if !r.Stops {
		if after, err = r.pod.counts(ctx); err != nil {
			return err
		}
	}
	// A listener or cluster that Envoy rejects leaves the old one in place, and nothing else
	// would tell.
	for _, kind := range []string{"listener_manager.lds", "cluster_manager.cds"} {
		if n := after[kind+".update_rejected"]; n != 0 {
			return fmt.Errorf("scenario %s: Envoy rejected %d updates (%s), want 0", r.Name, n, kind)
		}
	}
	if r.Untouched && r.report.Problem == "" {
		now, err := r.pod.served(ctx)
		if err != nil {
			return err
		}
		r.report.Problem = r.served.Difference(now)
	}
	r.report.Envoy = envoy.Moved(r.before, during, after)
	if r.Terminated {
		r.report.Termination, err = r.pod.terminate(ctx)
	}
	return err
}

// collect waits for the clients' ends, and that of a pod that is deleted, and writes down what
// they saw.
func (r *running) collect(ctx context.Context) error {
	results := make([]*probe.Result, len(r.apps))
	for i, app := range r.apps {
		var err error
		if results[i], err = app.result(ctx); err != nil {
			return err
		}
	}
	if r.Stops {
		if err := <-r.ending; err != nil {
			return err
		}
		r.report.Termination = hundredths(r.gone.Sub(r.stopped))
		if last := lastClosed(results); !last.IsZero() {
			r.report.Outlived = hundredths(r.gone.Sub(last))
		}
		r.report.Problem = cmp.Or(r.report.Problem, r.Ends.Check(&r.report))
	}
	for i, app := range r.apps {
		c := measured(app, results[i], r)
		c.Want = app.Want.Text
		c.Problem = app.Want.Check(&c)
		r.report.Clients = append(r.report.Clients, c)
	}
	return nil
}

// during reads the counters while the proxy still drains what a change of the configuration
// has replaced; nil where nothing changes.
func (r *running) during(ctx context.Context) (map[string]int64, error) {
	if r.change.IsZero() {
		return nil, nil
	}
	if err := wait(ctx, time.Until(r.change.Add(r.DrainDuration()/2))); err != nil {
		return nil, err
	}
	return r.pod.counts(ctx)
}
