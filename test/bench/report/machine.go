package report

import (
	"fmt"
	"os"
	"regexp"
	"runtime"
	"strings"

	"k8s.io/client-go/discovery"
	"k8s.io/client-go/rest"

	"github.com/holdfast-mesh/holdfast/test/cluster"
)

// ThisMachine says what all of it runs on, the API server of config included.
func ThisMachine(config *rest.Config) (Machine, error) {
	m := Machine{CPU: "unknown CPU", Cores: runtime.NumCPU(), Go: runtime.Version()}
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
	client, err := discovery.NewDiscoveryClientForConfig(config)
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

// MemoryOf is how much a process has in use now.
func MemoryOf(pid int) (m Memory, err error) {
	if m.Own, err = cluster.Memory(pid, "RssAnon"); err != nil {
		return m, err
	}
	m.File, err = cluster.Memory(pid, "RssFile")
	return m, err
}
