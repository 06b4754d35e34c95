package main

import (
	"fmt"
	"os"
	"regexp"
	"runtime"
	"strings"

	"k8s.io/client-go/discovery"

	"github.com/holdfast-mesh/holdfast/test/bench/report"
	"github.com/holdfast-mesh/holdfast/test/cluster"
)

// machine says what all of it runs on.
func machine(c *cluster.Cluster) (report.Machine, error) {
	m := report.Machine{CPU: "unknown CPU", Cores: runtime.NumCPU(), Go: runtime.Version()}
	info, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return m, err
	}
	if found := regexp.MustCompile(`(?m)^model name\s*:\s*(.+)$`).FindSubmatch(info); found != nil { // not on every architecture
		m.CPU = string(found[1])
	}
	release, err := os.ReadFile("/proc/sys/kernel/osrelease")
	if err != nil {
		return m, err
	}
	m.Linux = strings.TrimSpace(string(release))
	client, err := discovery.NewDiscoveryClientForConfig(c.Config)
	if err != nil {
		return m, err
	}
	version, err := client.ServerVersion()
	if err != nil {
		return m, fmt.Errorf("asking for the version of the API server: %w", err)
	}
	m.Kubernetes = version.GitVersion
	return m, nil
}
