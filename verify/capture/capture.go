// Package capture reads what a pod was told of traffic capture, and says which
// connections go past its sidecar.
package capture

import (
	"fmt"
	"net/netip"
	"slices"

	"github.com/holdfast-mesh/holdfast/istio"
	"github.com/holdfast-mesh/holdfast/rules"
)

// Containers that say how traffic is captured: istio-init makes the rules itself;
// where Istio CNI does, istio-validation only looks whether it did.
// Source: https://github.com/istio/istio/blob/eed52ebb66ad/manifests/charts/istio-control/istio-discovery/files/injection-template.yaml
const (
	Init       = "istio-init"
	Validation = "istio-validation"
)

// Capture is what the arguments of one of these containers say of outbound
// connections.
type Capture struct {
	Container    string // empty: the pod has neither
	ExcludePorts []uint16
	ExcludeCIDRs []netip.Prefix
	IncludePorts []uint16
	IncludeCIDRs []netip.Prefix
	IncludeAll   bool // of addresses
	Unreadable   error
}

// Read reads the arguments of a pod's container, if it has one of them.
// Source: https://github.com/istio/istio/blob/eed52ebb66ad/tools/istio-iptables/pkg/constants/constants.go
func Read(pod *rules.Pod) (c Capture) {
	i := slices.IndexFunc(pod.Containers, func(c rules.Container) bool {
		return c.Name == Init || c.Name == Validation
	})
	if i < 0 {
		return c
	}
	c.Container = pod.Containers[i].Name
	args := pod.Containers[i].Args
	for i := 0; i+1 < len(args); i++ {
		flag, value := args[i], args[i+1]
		if len(flag) != 2 || flag[0] != '-' {
			continue // long ones have their value in them
		}
		i++ // the value is no flag, whatever it looks like
		var err error
		switch flag {
		case "-o":
			c.ExcludePorts, err = istio.ParsePorts(value)
		case "-x":
			c.ExcludeCIDRs, err = istio.ParsePrefixes(value)
		case "-q":
			c.IncludePorts, err = istio.ParsePorts(value)
		case "-i":
			if c.IncludeAll = value == "*"; !c.IncludeAll {
				c.IncludeCIDRs, err = istio.ParsePrefixes(value)
			}
		}
		if err != nil && c.Unreadable == nil {
			c.Unreadable = fmt.Errorf("argument %s of %s: %w", flag, c.Container, err)
		}
	}
	return c
}

// Way says where iptables send a connection, and why. sidecar is false where it
// leaves the pod as it is. Excluded ports come first, then loopback, then excluded
// addresses, then what is included.
// Source: https://github.com/istio/istio/blob/eed52ebb66ad/tools/istio-iptables/pkg/capture/run.go
func (c *Capture) Way(to netip.AddrPort) (sidecar bool, why string) {
	contains := func(list []netip.Prefix) *netip.Prefix {
		for i := range list {
			if istio.CanonicalPrefix(list[i]).Contains(to.Addr()) {
				return &list[i]
			}
		}
		return nil
	}
	if slices.Contains(c.ExcludePorts, to.Port()) {
		return false, fmt.Sprintf("port %d is excluded (%s -o)", to.Port(), c.Container)
	}
	if to.Addr().IsLoopback() {
		return false, "loopback is never captured"
	}
	if p := contains(c.ExcludeCIDRs); p != nil {
		return false, fmt.Sprintf("%s is excluded (%s -x)", p, c.Container)
	}
	switch {
	case c.Container == "":
		return true, "how traffic is captured does not show in the pod; taken as captured"
	case slices.Contains(c.IncludePorts, to.Port()):
		return true, fmt.Sprintf("port %d is included (%s -q)", to.Port(), c.Container)
	case c.IncludeAll:
		return true, "everything that is not excluded is captured"
	}
	if p := contains(c.IncludeCIDRs); p != nil {
		return true, fmt.Sprintf("%s is included (%s -i)", p, c.Container)
	}
	return false, fmt.Sprintf("no included port or address (%s -i, -q)", c.Container)
}
