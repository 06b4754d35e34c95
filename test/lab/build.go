package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"time"

	"github.com/holdfast-mesh/holdfast/test/certs"
	"github.com/holdfast-mesh/holdfast/test/cluster"
	"github.com/holdfast-mesh/holdfast/test/lab/machine"
	"github.com/holdfast-mesh/holdfast/test/lab/netns"
	"github.com/holdfast-mesh/holdfast/test/lab/report"
	"github.com/holdfast-mesh/holdfast/test/lab/scenario"
	"github.com/holdfast-mesh/holdfast/test/lab/waypoint"
)

// measure builds the lab up, runs the scenarios and takes everything down again, also after
// an error, a panic or a signal.
func measure(ctx context.Context, envoy string, lanes [][][]scenario.Scenario, keep bool, logf func(string, ...any)) (_ *report.Run, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v\n%s", r, debug.Stack())
		}
	}()
	release, err := netns.Claim()
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, release()) }()
	// Cleaning up must work after ctx has ended.
	forever := context.WithoutCancel(ctx)
	if err := netns.RemoveAll(forever); err != nil {
		return nil, fmt.Errorf("removing what an earlier run left: %w", err)
	}
	dir, err := makeFolder(keep)
	if err != nil {
		return nil, err
	}
	l := &lab{dir: dir, logf: logf, processes: &machine.Processes{Dir: dir}}
	defer l.close()
	l.atEnd(func() {
		if !keep {
			os.RemoveAll(dir)
			return
		}
		os.RemoveAll(filepath.Join(dir, "bin"))
		logf("logs are in %s", dir)
	})
	l.atEnd(func() {
		if err := netns.RemoveAll(forever); err != nil {
			logf("removing the namespaces: %v", err)
		}
	})
	l.atEnd(l.processes.Stop)
	if err := l.build(ctx, envoy); err != nil {
		return nil, err
	}
	measured, err := l.run(ctx, lanes)
	if err != nil {
		return nil, err
	}
	versions, err := l.tools.Versions(ctx)
	return &report.Run{
		Date: time.Now().UTC().Format(time.DateOnly), Versions: versions, Scenarios: measured,
		Settings: report.Settings{MeshIdle: scenario.MeshIdle.Seconds(), IstioIdle: istioIdle.Seconds(), Drain: scenario.IstioDrain.Seconds()},
	}, err
}

// makeFolder makes the run's folder, and removes what killed runs left of theirs.
func makeFolder(keep bool) (string, error) {
	const prefix = "hf-lab-run-"
	left, err := filepath.Glob(filepath.Join(os.TempDir(), prefix+"*"))
	if err != nil {
		return "", err
	}
	for _, folder := range left {
		if err := os.RemoveAll(folder); err != nil {
			return "", err
		}
	}
	pattern := prefix
	if keep {
		pattern = "hf-lab-kept-"
	}
	dir, err := os.MkdirTemp("", pattern)
	if err != nil {
		return "", err
	}
	return dir, os.Chmod(dir, 0o755) // other users' programs run from here
}

// build starts what all scenarios share, side by side.
func (l *lab) build(ctx context.Context, envoy string) (err error) {
	root := cluster.Root()
	if l.tools, err = machine.Prepare(ctx, root, l.dir, envoy); err != nil {
		return err
	}
	if l.authority, err = certs.NewAuthority(); err != nil {
		return err
	}
	l.identity = filepath.Join(l.dir, "identity")
	if err := l.authority.WriteIdentity(l.identity, waypoint.ID(scenario.TunnelNamespace, "lab")); err != nil {
		return err
	}
	for _, name := range []string{"tls.crt", "tls.key"} { // for ztunnel
		if err := os.Chown(filepath.Join(l.identity, name), nobody, nobody); err != nil {
			return err
		}
	}
	if l.network, err = netns.New(ctx, scenario.Inside, scenario.Outside, scenario.Inside6, scenario.Outside6); err != nil {
		return err
	}
	return machine.Together([]func() error{
		func() error {
			l.logf("starting redis, MariaDB and memcached")
			return startServers(ctx, l.processes, l.network.Servers, l.dir, ztunnel(l.tools.Client, l.identity))
		},
		func() error {
			p, err := startPlane(ctx, l.tools, l.dir, l.logf)
			if err != nil {
				return err
			}
			l.plane = p
			l.atEnd(func() {
				if err := p.Stop(); err != nil {
					l.logf("stopping the control plane: %v", err)
				}
			})
			return l.startKubelet(ctx)
		},
	}, func(f func() error) error { return f() })
}
