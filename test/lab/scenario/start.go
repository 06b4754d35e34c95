package scenario

import (
	"time"

	"github.com/holdfast-mesh/holdfast/test/lab/report"
)

// startScenarios: an application that connects as soon as it runs. The kubelet starts plain
// containers one after another, without waiting for the one before, unless that has a postStart
// hook: https://kubernetes.io/docs/concepts/containers/container-lifecycle-hooks/.
func startScenarios() []Scenario {
	atOnce := func(w Want) []Client {
		c := busy("at once", Inside, 5*time.Second, w)
		c.Every, c.Patience = time.Second, 2*time.Minute
		return []Client{c}
	}
	return []Scenario{
		{
			Name: "start-sidecar", Title: "sidecar, no rule", Group: report.Start, Plain: true, Starts: true,
			Clients: atOnce(refusedAtFirst()),
		},
		{
			Name: "start-first", Title: "sidecarStartsFirst", Group: report.Start, Plain: true, Starts: true,
			Rule: startsFirst, Annotated: withStartsFirst,
			Clients: atOnce(lives()),
		},
		{
			Name: "start-native", Title: "native sidecar, no rule", Group: report.Start, Starts: true,
			Clients: atOnce(lives()),
		},
	}
}
