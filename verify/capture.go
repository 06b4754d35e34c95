package verify

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/holdfast-mesh/holdfast/istio"
	"github.com/holdfast-mesh/holdfast/rules"
)

// Containers that say how traffic is captured: istio-init makes the rules itself;
// where Istio CNI does, istio-validation only looks whether it did.
// Source: https://github.com/istio/istio/blob/eed52ebb66ad/manifests/charts/istio-control/istio-discovery/files/injection-template.yaml
const (
	initContainer       = "istio-init"
	validationContainer = "istio-validation"
)

// capture is what the arguments of one of these containers say of outbound
// connections.
type capture struct {
	container    string // empty: the pod has neither
	excludePorts []uint16
	excludeCIDRs []netip.Prefix
	includePorts []uint16
	includeCIDRs []netip.Prefix
	includeAll   bool // of addresses
	unreadable   error
}

// captured reads the arguments.
// Source: https://github.com/istio/istio/blob/eed52ebb66ad/tools/istio-iptables/pkg/constants/constants.go
func captured(pod *rules.Pod) (c capture) {
	i := slices.IndexFunc(pod.Containers, func(c rules.Container) bool {
		return c.Name == initContainer || c.Name == validationContainer
	})
	if i < 0 {
		return c
	}
	c.container = pod.Containers[i].Name
	args := pod.Containers[i].Args
	for i := 0; i+1 < len(args); i++ {
		value, err := args[i+1], error(nil)
		switch args[i] {
		case "-o":
			c.excludePorts, err = istio.ParsePorts(value)
		case "-x":
			c.excludeCIDRs, err = istio.ParsePrefixes(value)
		case "-q":
			c.includePorts, err = istio.ParsePorts(value)
		case "-i":
			if c.includeAll = value == "*"; !c.includeAll {
				c.includeCIDRs, err = istio.ParsePrefixes(value)
			}
		default:
			continue
		}
		i++ // the value is no flag, whatever it looks like
		if err != nil && c.unreadable == nil {
			c.unreadable = fmt.Errorf("argument %s of %s: %w", args[i-1], c.container, err)
		}
	}
	return c
}

// exclusions looks at what is to leave the sidecar.
func (c *checker) exclusions() {
	capture := captured(c.Pod)
	ports, portsErr := istio.ParsePorts(c.Pod.Annotations[istio.ExcludeOutboundPortsAnnotation])
	prefixes, prefixesErr := istio.ParsePrefixes(c.Pod.Annotations[istio.ExcludeOutboundIPRangesAnnotation])
	canonical := func(list []netip.Prefix) (out []string) {
		for _, p := range list {
			out = append(out, istio.CanonicalPrefix(p).String())
		}
		return out
	}
	text := func(list []uint16) (out []string) {
		for _, p := range list {
			out = append(out, fmt.Sprint(p))
		}
		return out
	}
	for _, e := range []exclusion{
		{ExcludedPorts, istio.ExcludeOutboundPortsAnnotation, portsErr, text(ports), text(capture.excludePorts)},
		{ExcludedCIDRs, istio.ExcludeOutboundIPRangesAnnotation, prefixesErr, canonical(prefixes), canonical(capture.excludeCIDRs)},
	} {
		c.add(c.excluded(e, capture))
	}
}

// exclusion is one of the two lists: as the annotation has it, and as the
// container's arguments have it.
type exclusion struct {
	aspect     Aspect
	annotation string
	err        error
	asked, has []string
}

func (c *checker) excluded(e exclusion, in capture) Finding {
	has := map[string]bool{}
	for _, item := range e.has {
		has[item] = true
	}
	missing := slices.DeleteFunc(slices.Clone(e.asked), func(item string) bool { return has[item] })
	switch {
	case e.err != nil:
		return Finding{
			Aspect: e.aspect, Status: NotInForce, Code: AnnotationRejected,
			Detail: fmt.Sprintf("annotation %s: %v", e.annotation, e.err), Fix: "correct the annotation in the workload's pod template",
		}
	case len(e.asked) == 0 && len(e.has) == 0:
		return Finding{Aspect: e.aspect, Status: NotAskedFor, Detail: "nothing leaves the sidecar by this list"}
	case len(e.asked) == 0:
		return Finding{Aspect: e.aspect, Status: NotAskedFor, Detail: fmt.Sprintf("%s was told to exclude %s, which is not from the pod's annotation", in.container, strings.Join(e.has, ","))}
	case in.container == "" && c.gateway:
		return Finding{
			Aspect: e.aspect, Status: NotInForce, Code: NothingCaptured,
			Detail: "this is a gateway, which captures no traffic of an application", Fix: "take the annotation away",
		}
	case in.container == "":
		return Finding{Aspect: e.aspect, Status: NotSeen, Detail: "the pod has neither container istio-init nor istio-validation, so how its traffic is captured does not show"}
	case in.unreadable != nil:
		return Finding{Aspect: e.aspect, Status: NotSeen, Detail: in.unreadable.Error()}
	case len(missing) > 0 && in.container == validationContainer:
		return Finding{
			Aspect: e.aspect, Status: NotSeen,
			Detail: fmt.Sprintf("%s were not in the annotation when the pod was made; Istio CNI reads it itself when the pod's sandbox starts, and so knows them only if that was later", strings.Join(missing, ",")),
			Fix:    "restart the pod to be sure",
		}
	case len(missing) > 0:
		return Finding{
			Aspect: e.aspect, Status: NotInForce, Code: NotExcluded, Where: missing,
			Detail: fmt.Sprintf("istio-init was not told of %s: the annotation was written after the pod was made", strings.Join(missing, ",")), Fix: restart,
		}
	case in.container == validationContainer:
		return Finding{Aspect: e.aspect, Status: InForce, Detail: strings.Join(e.asked, ",") + " stood in the annotation when the pod was made, from where Istio CNI reads it itself"}
	}
	return Finding{Aspect: e.aspect, Status: InForce, Detail: strings.Join(e.asked, ",") + " in the arguments of istio-init"}
}

// way says where iptables send a connection, and why. sidecar is false where it
// leaves the pod as it is. Excluded ports come first, then loopback, then excluded
// addresses, then what is included.
// Source: https://github.com/istio/istio/blob/eed52ebb66ad/tools/istio-iptables/pkg/capture/run.go
func (c capture) way(to netip.AddrPort) (sidecar bool, why string) {
	contains := func(list []netip.Prefix) *netip.Prefix {
		for i := range list {
			if istio.CanonicalPrefix(list[i]).Contains(to.Addr()) {
				return &list[i]
			}
		}
		return nil
	}
	if slices.Contains(c.excludePorts, to.Port()) {
		return false, fmt.Sprintf("port %d is excluded (%s -o)", to.Port(), c.container)
	}
	if to.Addr().IsLoopback() {
		return false, "loopback is never captured"
	}
	if p := contains(c.excludeCIDRs); p != nil {
		return false, fmt.Sprintf("%s is excluded (%s -x)", p, c.container)
	}
	switch {
	case c.container == "":
		return true, "how traffic is captured does not show in the pod; taken as captured"
	case slices.Contains(c.includePorts, to.Port()):
		return true, fmt.Sprintf("port %d is included (%s -q)", to.Port(), c.container)
	case c.includeAll:
		return true, "everything that is not excluded is captured"
	}
	if p := contains(c.includeCIDRs); p != nil {
		return true, fmt.Sprintf("%s is included (%s -i)", p, c.container)
	}
	return false, fmt.Sprintf("no included port or address (%s -i, -q)", c.container)
}
