package main

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/holdfast-mesh/holdfast/test/istio/mesh"
	"github.com/holdfast-mesh/holdfast/test/lab/netns"
	"github.com/holdfast-mesh/holdfast/test/lab/report"
)

// lab is a running lab. close ends everything in reverse order.
type lab struct {
	dir       string
	tools     *tools
	authority string // PEM of a certificate authority that signs nothing
	logf      func(string, ...any)
	processes *processes
	network   *netns.Network
	mesh      *mesh.Mesh

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
	scenario
	pod    *pod
	apps   []*application
	before map[string]int64
	report report.Scenario
	change time.Time
	death  time.Time
}

// run runs the scenarios side by side and returns what was measured.
func (l *lab) run(ctx context.Context, scenarios []scenario) ([]report.Scenario, error) {
	all := make([]*running, len(scenarios))
	for i, s := range scenarios {
		all[i] = &running{scenario: s}
	}
	begin := time.Now()
	if err := together(all, func(r *running) error { return l.bringUp(ctx, r) }); err != nil {
		return nil, err
	}
	l.logf("%d pods run, %.0f s; their clients start", len(all), time.Since(begin).Seconds())
	if err := together(all, func(r *running) error { return l.begin(ctx, r) }); err != nil {
		return nil, err
	}
	if err := l.strike(ctx, all); err != nil {
		return nil, err
	}
	err := together(all, func(r *running) error { return l.finish(ctx, r) })
	reports := make([]report.Scenario, len(all))
	for i, r := range all {
		reports[i] = r.report
	}
	return reports, err
}

func (l *lab) bringUp(ctx context.Context, r *running) error {
	object, err := admit(ctx, l.mesh, r.scenario)
	if err != nil {
		return err
	}
	if r.pod, err = l.start(ctx, r.scenario, object); err != nil {
		return err
	}
	r.report = report.Scenario{
		Name: r.name, Group: r.group, Title: r.title, Sidecar: !r.noSidecar,
		Rule: strings.TrimSpace(r.rule), Forgets: r.forgets.Seconds(), Annotations: map[string]string{},
	}
	for key, value := range object.Annotations {
		if strings.HasPrefix(key, "holdfast.dev/") || strings.HasPrefix(key, "traffic.sidecar.istio.io/exclude") || key == "proxy.istio.io/config" {
			r.report.Annotations[key] = value
		}
	}
	return nil
}

// begin starts the scenario's clients and waits for their first answers.
func (l *lab) begin(ctx context.Context, r *running) (err error) {
	if r.before, err = r.pod.counts(ctx); err != nil {
		return err
	}
	for _, c := range r.clients {
		app, err := l.launch(ctx, r.pod, c)
		if err != nil {
			return err
		}
		r.apps = append(r.apps, app)
	}
	return together(r.apps, func(a *application) error { return a.waitReady(ctx) })
}

// strike lets happen what the scenarios wait for, once every connection has been up for a
// moment: the mesh's configuration changes, and servers die.
func (l *lab) strike(ctx context.Context, all []*running) error {
	changes := slices.ContainsFunc(all, func(r *running) bool { return r.changes })
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(beforeStrike):
	}
	for _, r := range all {
		if r.dies {
			r.death = time.Now()
			if err := l.network.Silence(ctx, r.pod.Pod); err != nil {
				return err
			}
		}
	}
	if !changes {
		return nil
	}
	at, err := changeMesh(ctx, l.mesh.Client)
	for _, r := range all {
		if r.changes {
			r.change = at
		}
	}
	l.logf("the mesh's configuration has changed: access logs are on in namespace %s", changedNamespace)
	return err
}

// beforeStrike is how long connections live before anything happens: shorter than the idle timer.
const beforeStrike = 5 * time.Second

// finish waits for the clients and writes down what they and Envoy saw.
func (l *lab) finish(ctx context.Context, r *running) error {
	var err error
	if r.report.Sockets, err = r.pod.sockets(ctx); err != nil {
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
		c.Want = app.want.text
		c.Problem = app.want.check(&c)
		r.report.Clients = append(r.report.Clients, c)
	}
	after, err := r.pod.counts(ctx)
	if err != nil {
		return err
	}
	// A listener that Envoy rejects leaves the old one in place, and nothing else would tell.
	if n := after["listener_manager.lds.update_rejected"]; n != 0 {
		return fmt.Errorf("scenario %s: Envoy rejected %d updates of its listeners, want 0", r.name, n)
	}
	r.report.Envoy = moved(r.before, during, after)
	if r.terminated {
		r.report.Termination, err = r.pod.terminate(ctx)
	}
	return err
}

// during reads the counters while the sidecar still drains what a change of the
// configuration has replaced; nil where nothing changes.
func (r *running) during(ctx context.Context) (map[string]int64, error) {
	if !r.changes {
		return nil, nil
	}
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-time.After(time.Until(r.change.Add(drain / 2))):
		return r.pod.counts(ctx)
	}
}

// sockets is what a person would see who looks into the pod's network.
func (p *pod) sockets(ctx context.Context) ([]string, error) {
	var out []byte
	err := p.Do(func() (err error) {
		out, err = exec.CommandContext(ctx, "ss", "-Htno", "state", "established", "dst", "198.18.0.0/15").Output()
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("ss: %w", err)
	}
	var lines []string
	for line := range strings.Lines(string(out)) {
		lines = append(lines, strings.Join(strings.Fields(line), " "))
	}
	return lines, nil
}

// terminate ends the sidecar as the kubelet does, with SIGTERM, and measures how long it takes.
func (p *pod) terminate(ctx context.Context) (float64, error) {
	begin := time.Now()
	if err := syscall.Kill(p.sidecar.cmd.Process.Pid, syscall.SIGTERM); err != nil {
		return 0, err
	}
	select {
	case <-p.sidecar.done:
		return hundredths(time.Since(begin)), nil
	case <-time.After(waitLong):
		return 0, errors.New("the sidecar of " + p.object.Name + " did not end within " + waitLong.String())
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}
