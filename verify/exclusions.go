package verify

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/holdfast-mesh/holdfast/istio"
	"github.com/holdfast-mesh/holdfast/verify/capture"
)

// exclusions looks at what is to leave the sidecar.
func (c *checker) exclusions() {
	told := capture.Read(c.Pod)
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
		{ExcludedPorts, istio.ExcludeOutboundPortsAnnotation, portsErr, text(ports), text(told.ExcludePorts)},
		{ExcludedCIDRs, istio.ExcludeOutboundIPRangesAnnotation, prefixesErr, canonical(prefixes), canonical(told.ExcludeCIDRs)},
	} {
		c.add(c.excluded(e, &told))
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

func (c *checker) excluded(e exclusion, in *capture.Capture) Finding {
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
		return Finding{Aspect: e.aspect, Status: NotAskedFor, Detail: fmt.Sprintf("%s was told to exclude %s, which is not from the pod's annotation", in.Container, strings.Join(e.has, ","))}
	case in.Container == "" && c.gateway:
		return Finding{
			Aspect: e.aspect, Status: NotInForce, Code: NothingCaptured,
			Detail: "this is a gateway, which captures no traffic of an application", Fix: "take the annotation away",
		}
	case in.Container == "":
		return Finding{Aspect: e.aspect, Status: NotSeen, Detail: "the pod has neither container istio-init nor istio-validation, so how its traffic is captured does not show"}
	case in.Unreadable != nil:
		return Finding{Aspect: e.aspect, Status: NotSeen, Detail: in.Unreadable.Error()}
	case len(missing) > 0 && in.Container == capture.Validation:
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
	case in.Container == capture.Validation:
		return Finding{Aspect: e.aspect, Status: InForce, Detail: strings.Join(e.asked, ",") + " stood in the annotation when the pod was made, from where Istio CNI reads it itself"}
	}
	return Finding{Aspect: e.aspect, Status: InForce, Detail: strings.Join(e.asked, ",") + " in the arguments of istio-init"}
}
