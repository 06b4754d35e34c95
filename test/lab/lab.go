package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"syscall"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/holdfast-mesh/holdfast/test/lab/machine"
	"github.com/holdfast-mesh/holdfast/test/lab/netns"
	"github.com/holdfast-mesh/holdfast/test/lab/report"
	"github.com/holdfast-mesh/holdfast/test/lab/scenario"
)

// lab is a running lab. close ends everything in reverse order.
type lab struct {
	dir       string
	tools     *machine.Tools
	authority string // PEM of a certificate authority that signs nothing
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

// running is a scenario under way.
type running struct {
	scenario.Scenario
	pod     *pod
	clients *netns.Pod // where the clients run: the pod, or a place outside of a gateway
	apps    []*application
	served  *served // what istiod had served before anything happened; nil where it does not matter
	before  map[string]int64
	report  report.Scenario
	change  time.Time
	death   time.Time
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
	l.logf("%d pods run, %.0f s; their clients start", len(all), time.Since(begin).Seconds())
	if err := machine.Together(all, func(r *running) error { return l.begin(ctx, r) }); err != nil {
		return nil, err
	}
	if err := l.strike(ctx, all); err != nil {
		return nil, err
	}
	err := machine.Together(all, func(r *running) error { return l.finish(ctx, r) })
	reports := make([]report.Scenario, len(all))
	for i, r := range all {
		reports[i] = r.report
	}
	return reports, err
}

func (l *lab) bringUp(ctx context.Context, r *running) error {
	object, err := admit(ctx, l.plane.Mesh, &r.Scenario)
	if err != nil {
		return err
	}
	if r.pod, err = l.start(ctx, &r.Scenario, object); err != nil {
		return err
	}
	r.clients = r.pod.Pod
	if r.Gateway != "" {
		if r.clients, err = l.network.AddPod(ctx, r.Name+"-clients", r.Forgets); err != nil {
			return err
		}
	}
	r.report, err = described(&r.Scenario, object)
	return err
}

// described is what is known of a scenario before it begins.
func described(s *scenario.Scenario, pod *corev1.Pod) (report.Scenario, error) {
	r := report.Scenario{
		Name: s.Name, Group: s.Group, Title: s.Title, Sidecar: !s.NoSidecar && s.Gateway == "",
		Rule: strings.TrimSpace(s.Rule + s.Gateway), Objects: strings.TrimSpace(s.Objects), Change: string(s.Change),
		Forgets: s.Forgets.Seconds(), Annotations: map[string]string{},
	}
	for key, value := range pod.Annotations {
		if strings.HasPrefix(key, "holdfast.dev/") || strings.HasPrefix(key, "traffic.sidecar.istio.io/exclude") || key == "proxy.istio.io/config" {
			r.Annotations[key] = value
		}
	}
	if s.Without {
		return r, nil
	}
	objects, err := s.MeshObjects()
	for _, o := range objects {
		r.MeshObjects = append(r.MeshObjects, o.Name)
	}
	return r, err
}

// begin starts the scenario's clients and waits for their first answers.
func (l *lab) begin(ctx context.Context, r *running) (err error) {
	if r.before, err = r.pod.counts(ctx); err != nil {
		return err
	}
	if r.Untouched {
		if r.served, err = r.pod.served(ctx); err != nil {
			return err
		}
	}
	return l.launchAll(ctx, r, false)
}

// launchAll starts the clients that are late, or those that are not.
func (l *lab) launchAll(ctx context.Context, r *running, late bool) error {
	var apps []*application
	for _, c := range r.Clients {
		if c.Late != late {
			continue
		}
		app, err := l.launch(ctx, r, c)
		if err != nil {
			return err
		}
		apps = append(apps, app)
	}
	r.apps = append(r.apps, apps...)
	return machine.Together(apps, func(a *application) error { return a.waitReady(ctx) })
}

// strike lets happen what the scenarios wait for, once every connection has been up for a
// moment: something in the mesh changes, and servers die.
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
	}
	return l.plane.change(ctx, all)
}

// beforeStrike is how long connections live before anything happens: shorter than the idle timer.
const beforeStrike = 5 * time.Second

// afterChange is how long istiod and the proxies are given to make a change real.
const afterChange = 3 * time.Second

// finish waits for the clients and writes down what they and Envoy saw.
func (l *lab) finish(ctx context.Context, r *running) (err error) {
	if !r.change.IsZero() {
		if err := wait(ctx, time.Until(r.change.Add(afterChange))); err != nil {
			return err
		}
	}
	if r.report.Sockets, err = r.pod.sockets(ctx, &r.Scenario); err != nil {
		return err
	}
	r.report.Problem = checkProbes(&r.Scenario, r.report.Sockets)
	if err := l.launchAll(ctx, r, true); err != nil {
		return err
	}
	during, err := r.during(ctx)
	if err != nil {
		return err
	}
	for _, app := range r.apps {
		result, err := app.result(ctx)
		if err != nil {
			return err
		}
		c := measured(app, result, r)
		c.Want = app.Want.Text
		c.Problem = app.Want.Check(&c)
		r.report.Clients = append(r.report.Clients, c)
	}
	after, err := r.pod.counts(ctx)
	if err != nil {
		return err
	}
	// A listener or cluster that Envoy rejects leaves the old one in place, and nothing else
	// would tell.
	for _, kind := range []string{"listener_manager.lds", "cluster_manager.cds"} {
		if n := after[kind+".update_rejected"]; n != 0 {
			return fmt.Errorf("scenario %s: Envoy rejected %d updates (%s), want 0", r.Name, n, kind)
		}
	}
	if r.served != nil && r.report.Problem == "" {
		if r.report.Problem, err = r.pod.compare(ctx, r.served); err != nil {
			return err
		}
	}
	r.report.Envoy = moved(r.before, during, after)
	if r.Terminated {
		r.report.Termination, err = r.pod.terminate(ctx)
	}
	return err
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

// wait waits, but not after the end of ctx.
func wait(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// terminate ends the sidecar as the kubelet does, with SIGTERM, and measures how long it takes.
func (p *pod) terminate(ctx context.Context) (float64, error) {
	begin := time.Now()
	if err := syscall.Kill(p.sidecar.PID(), syscall.SIGTERM); err != nil {
		return 0, err
	}
	select {
	case <-p.sidecar.Done:
		return hundredths(time.Since(begin)), nil
	case <-time.After(machine.WaitLong):
		return 0, errors.New("the sidecar of " + p.object.Name + " did not end within " + machine.WaitLong.String())
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}
