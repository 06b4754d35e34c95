package main

import (
	"fmt"
	"time"

	"github.com/holdfast-mesh/holdfast/test/lab/probe"
	"github.com/holdfast-mesh/holdfast/test/lab/report"
)

func scenarios() []scenario {
	return []scenario{
		{
			name: "idle-sidecar", title: "sidecar, no rule", group: report.Idle,
			clients: []client{idle(20*time.Second, cutWhenIdle(meshIdle))},
		},
		{
			name: "idle-no-sidecar", title: "no sidecar", group: report.Idle, noSidecar: true,
			clients: []client{idle(20*time.Second, lives())},
		},
	}
}

func redisAt(address fmt.Stringer) string { return fmt.Sprintf("%s:%d", address, redisPort) }

// idle is a client that asks once, says nothing, and asks again at the end.
func idle(length time.Duration, w want) client {
	return client{probe.Spec{Name: "idle", Client: "tcp", Address: redisAt(inside), For: length, GiveUp: 10 * time.Second}, w}
}
