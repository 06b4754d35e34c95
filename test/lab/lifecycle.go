package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/holdfast-mesh/holdfast/test/istio/mesh"
	"github.com/holdfast-mesh/holdfast/test/lab/machine"
)

// This file is the kubelet's part: it starts and ends a pod's containers in the order, and with
// the hooks, that the admitted pod has.
// https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/

// start makes the pod run. Its application runs with it where the scenario is about the start;
// the clients of others begin when everything is ready.
func (l *lab) start(ctx context.Context, r *running) error {
	for i := range r.pod.object.Spec.InitContainers {
		if err := l.startInit(ctx, r, &r.pod.object.Spec.InitContainers[i]); err != nil {
			return fmt.Errorf("scenario %s: %w", r.Name, err)
		}
	}
	for i := range r.pod.object.Spec.Containers {
		if err := l.startContainer(ctx, r, &r.pod.object.Spec.Containers[i]); err != nil {
			return fmt.Errorf("scenario %s: %w", r.Name, err)
		}
	}
	if r.pod.sidecar == nil {
		return nil
	}
	if err := r.pod.awaitSidecar(ctx); err != nil || !r.Waypoint {
		return err
	}
	return r.pod.awaitRoute(ctx)
}

// startInit runs an init container to its end, or a native sidecar until it is ready: its
// startup probe holds what comes after.
func (l *lab) startInit(ctx context.Context, r *running, container *corev1.Container) error {
	switch container.Name {
	case "istio-init":
		return l.interceptTraffic(ctx, r.pod, container)
	case mesh.ProxyContainer:
		if err := l.startSidecar(ctx, r.pod, container); err != nil {
			return err
		}
		return r.pod.awaitSidecar(ctx)
	}
	return fmt.Errorf("got init container %s, want only Istio's", container.Name)
}

// startContainer starts a container and runs its postStart hook, for which the next one waits.
func (l *lab) startContainer(ctx context.Context, r *running, container *corev1.Container) error {
	switch {
	case container.Name == mesh.ProxyContainer:
		if err := l.startSidecar(ctx, r.pod, container); err != nil {
			return err
		}
	case r.Starts:
		if err := l.startClients(ctx, r, false); err != nil {
			return err
		}
	}
	if container.Lifecycle == nil {
		return nil
	}
	return l.runHook(ctx, r.pod, container.Lifecycle.PostStart)
}

// runHook runs a hook of istio-proxy; nil runs nothing.
func (l *lab) runHook(ctx context.Context, p *pod, hook *corev1.LifecycleHandler) error {
	if hook == nil {
		return nil
	}
	if hook.Exec == nil || len(hook.Exec.Command) == 0 || hook.Exec.Command[0] != filepath.Base(l.tools.Agent) {
		return fmt.Errorf("pod %s: got hook %v, want a command of pilot-agent", p.object.Name, hook)
	}
	args := append(as(proxyUID), l.tools.Agent)
	args = append(args, hook.Exec.Command[1:]...)
	if out, err := p.Command(ctx, args[0], args[1:]...).CombinedOutput(); err != nil {
		return fmt.Errorf("pod %s: hook %q: %w: %s", p.object.Name, hook.Exec.Command, err, out)
	}
	return nil
}

// stop deletes the pod: every container is asked to end at once, but a native sidecar when the
// others have ended, and whatever is left at the end of the grace period is killed. It returns
// when the proxy has gone.
func (l *lab) stop(ctx context.Context, r *running, inside []*machine.Process) error {
	for _, process := range inside {
		if err := process.Terminate(); err != nil {
			return fmt.Errorf("ending %s: %w", process.Name, err)
		}
	}
	proxy := mesh.Container(r.pod.object, mesh.ProxyContainer)
	if proxy.Lifecycle != nil {
		if err := l.runHook(ctx, r.pod, proxy.Lifecycle.PreStop); err != nil {
			return err
		}
	}
	grace, end := context.WithDeadline(ctx, r.stopped.Add(r.GracePeriod()))
	defer end()
	if native := proxy.RestartPolicy != nil; native {
		awaitEnd(grace, inside)
	}
	if err := r.pod.sidecar.Terminate(); err != nil {
		return err
	}
	awaitEnd(grace, []*machine.Process{r.pod.sidecar})
	if grace.Err() != nil {
		kill(append(inside, r.pod.sidecar))
	}
	r.gone = time.Now()
	return ctx.Err()
}

// awaitEnd waits until all have ended, but not after the end of ctx.
func awaitEnd(ctx context.Context, processes []*machine.Process) {
	for _, process := range processes {
		select {
		case <-process.Done:
		case <-ctx.Done():
			return
		}
	}
}

// kill ends what the grace period has left over.
func kill(processes []*machine.Process) {
	for _, process := range processes {
		if process.Exited() == nil {
			_ = process.Kill() // gone already: as good
		}
		<-process.Done
	}
}

// inside are the processes of the application's container.
func (r *running) inside() []*machine.Process {
	var list []*machine.Process
	for _, app := range r.apps {
		if !app.outside {
			list = append(list, app.process)
		}
	}
	if r.server != nil {
		list = append(list, r.server)
	}
	return list
}

// serve starts the application as a server, and returns when it listens.
func (l *lab) serve(ctx context.Context, r *running) (err error) {
	cmd := r.pod.Command(context.WithoutCancel(ctx), l.tools.Client, "serve", r.Serves.String())
	if r.server, err = l.processes.Start(r.Name+"-server", cmd); err != nil {
		return err
	}
	return r.server.Until(ctx, machine.WaitLong, func(context.Context) error {
		if machine.Tail(r.server.Log, 100) == "" {
			return errors.New("it does not listen yet")
		}
		return nil
	})
}

// terminate ends the sidecar alone, and measures how long it takes.
func (p *pod) terminate(ctx context.Context) (float64, error) {
	begin := time.Now()
	if err := p.sidecar.Terminate(); err != nil {
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
