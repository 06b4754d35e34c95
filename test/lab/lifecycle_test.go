package main

import (
	"context"
	"os/exec"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/holdfast-mesh/holdfast/test/lab/machine"
)

// What the kubelet would run and the lab cannot is an error, and not left out.
func TestUnknownContainersAndHooks(t *testing.T) {
	l := &lab{tools: &machine.Tools{Agent: "/bin/pilot-agent"}}
	p := &pod{object: &corev1.Pod{}}
	if err := l.startInit(t.Context(), &running{pod: p}, &corev1.Container{Name: "migrate"}); err == nil || !strings.Contains(err.Error(), "migrate") {
		t.Errorf("init container: got error %v, want one that names it", err)
	}
	for name, hook := range map[string]*corev1.LifecycleHandler{
		"http":    {HTTPGet: &corev1.HTTPGetAction{}},
		"empty":   {Exec: &corev1.ExecAction{}},
		"command": {Exec: &corev1.ExecAction{Command: []string{"sleep", "5"}}},
	} {
		if err := l.runHook(t.Context(), p, hook); err == nil {
			t.Errorf("hook %s: got no error, want one", name)
		}
	}
	if err := l.runHook(t.Context(), p, nil); err != nil {
		t.Errorf("no hook: got error %v, want none", err)
	}
}

// At the end of the grace period what is left is killed, and what has ended is left alone.
func TestGracePeriod(t *testing.T) {
	processes := &machine.Processes{Dir: t.TempDir()}
	t.Cleanup(processes.Stop)
	var all []*machine.Process
	for _, args := range [][]string{{"true"}, {"sleep", "3600"}} {
		process, err := processes.Start(args[0], exec.Command(args[0], args[1:]...))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, process)
	}
	awaitEnd(t.Context(), all[:1])
	if all[0].Exited() == nil {
		t.Error("got the wait over before the program had ended")
	}
	grace, end := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer end()
	awaitEnd(grace, all)
	if all[1].Exited() != nil {
		t.Fatal("got a program that had ended by itself")
	}
	kill(all)
	if all[1].Exited() == nil {
		t.Error("got a program that runs on, want it killed")
	}
}

// Who is told to end with the pod: its own clients and its server, and nobody outside.
func TestInside(t *testing.T) {
	client, outside, server := &machine.Process{Name: "client"}, &machine.Process{Name: "outside"}, &machine.Process{Name: "server"}
	r := &running{apps: []*application{{process: client}, {process: outside, outside: true}}, server: server}
	if got := r.inside(); len(got) != 2 || got[0] != client || got[1] != server {
		t.Errorf("got %v, want the client inside and the server", got)
	}
}
