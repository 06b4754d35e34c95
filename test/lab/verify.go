package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/holdfast-mesh/holdfast/test/cluster"
	"github.com/holdfast-mesh/holdfast/test/kubelet"
	"github.com/holdfast-mesh/holdfast/test/lab/netns"
	"github.com/holdfast-mesh/holdfast/test/lab/scenario"
	"github.com/holdfast-mesh/holdfast/verify"
)

// nodeName is the node of all pods. No kubelet runs on it, but a stand-in that knows the
// way to their ports.
const nodeName = "lab"

// startKubelet starts the stand-in, by which the API server forwards to a port of a pod.
func (l *lab) startKubelet(ctx context.Context) error {
	k := kubelet.Start(dialPod)
	l.atEnd(k.Close)
	return k.Register(ctx, l.plane.Client, nodeName)
}

// dialPod connects to a port on the loopback of a pod: its network namespace has its name.
func dialPod(ctx context.Context, _, pod string, port uint16) (net.Conn, error) {
	place := &netns.Namespace{Name: netns.Prefix + pod}
	conn, err := place.Dial(ctx, "", net.JoinHostPort("127.0.0.1", strconv.Itoa(int(port))))
	if err != nil {
		return place.Dial(ctx, "", net.JoinHostPort("::1", strconv.Itoa(int(port))))
	}
	return conn, nil
}

// verify asks the command line whether everything is in force in the pod's proxy, as a user
// would, and returns how the answer differs from the table.
func (l *lab) verify(ctx context.Context, r *running) (problem string, err error) {
	if r.NoSidecar {
		return "", nil
	}
	cmd := exec.CommandContext(ctx, filepath.Join(cluster.Root(), "bin", "holdfast"), "verify",
		"--kubeconfig", l.plane.Kubeconfig, "-n", r.Namespace(), r.Name, "-f", "-", "-o", "json")
	cmd.Stdin = strings.NewReader(scenario.RulesFile([]scenario.Scenario{r.Scenario}))
	var warnings bytes.Buffer
	cmd.Stderr = &warnings
	out, err := cmd.Output()
	// Exit code 1 is an answer too.
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		return "", err
	}
	var answer verify.Report
	if err := json.Unmarshal(out, &answer); err != nil {
		return "", fmt.Errorf("scenario %s: holdfast verify: %w: %s", r.Name, err, warnings.String())
	}
	var faults []string
	for _, f := range answer.Findings {
		if f.Failed() {
			faults = append(faults, string(f.Code))
		}
	}
	if got := strings.Join(faults, ", "); got != r.Fault {
		return fmt.Sprintf("verify: got faults %q, want %q", got, r.Fault), nil
	}
	return "", nil
}
