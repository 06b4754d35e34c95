package checks

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/structpb"
	networkingapi "istio.io/api/networking/v1alpha3"
	networking "istio.io/client-go/pkg/apis/networking/v1alpha3"

	"github.com/holdfast-mesh/holdfast/doctor"
	"github.com/holdfast-mesh/holdfast/istio"
	"github.com/holdfast-mesh/holdfast/mesh"
	"github.com/holdfast-mesh/holdfast/rules"
)

// envoyFilter looks for an idle timeout that somebody merges into the TCP proxy. That
// runs last of all, and wins over the annotation.
func envoyFilter(s *doctor.Snapshot, r *doctor.Result, file *rules.File, f *networking.EnvoyFilter) {
	root := cmp.Or(file.Mesh.RootNamespace, istio.DefaultRootNamespace)
	if f.Namespace != root && s.Namespaces.Unseen == "" &&
		!slices.ContainsFunc(s.OptedIn(), func(n doctor.Namespace) bool { return n.Name == f.Namespace }) {
		return
	}
	for _, patch := range f.Spec.ConfigPatches {
		timeout, ok := mergedTimeout(patch)
		if !ok {
			continue
		}
		port := patch.GetMatch().GetListener().GetPortNumber()
		i := slices.IndexFunc(file.Rules, func(rule rules.Rule) bool {
			wanted := rule.Strategy.IdleTimeout
			return wanted != nil && rule.Strategy.Scope != rules.ScopeDestinations && shorter(timeout, *wanted) &&
				(port == 0 || len(rule.Destinations.Ports) == 0 || hasPort(&rule.Destinations, uint16(port)))
		})
		if i < 0 {
			continue
		}
		where := "every port"
		if port > 0 {
			where = fmt.Sprintf("port %d", port)
		}
		r.Add(doctor.IdleTimeoutOverride, fmt.Sprintf("EnvoyFilter %s/%s", f.Namespace, f.Name),
			fmt.Sprintf("idle_timeout %s in the TCP proxy of %s, where rule %s wants %s", istio.FormatDuration(timeout), where, file.Rules[i].Name, istio.FormatDuration(*file.Rules[i].Strategy.IdleTimeout)),
			fmt.Sprintf("kubectl -n %s edit envoyfilter %s: take idle_timeout out, which cuts connections of the pods that it reaches once more; or give the rule scope: Destinations, which wins over it", f.Namespace, f.Name))
		return
	}
}

// mergedTimeout is the idle timeout that a patch sets in outbound TCP proxies.
func mergedTimeout(patch *networkingapi.EnvoyFilter_EnvoyConfigObjectPatch) (time.Duration, bool) {
	switch patch.GetMatch().GetContext() {
	case networkingapi.EnvoyFilter_SIDECAR_INBOUND, networkingapi.EnvoyFilter_GATEWAY:
		return 0, false
	}
	if patch.ApplyTo != networkingapi.EnvoyFilter_NETWORK_FILTER {
		return 0, false
	}
	config := patch.GetPatch().GetValue().GetFields()["typed_config"].GetStructValue().GetFields()
	if typed := config["value"].GetStructValue().GetFields(); typed != nil { // a TypedStruct
		config = typed
	}
	named := patch.GetMatch().GetListener().GetFilterChain().GetFilter().GetName() == mesh.TCPProxyFilter ||
		strings.HasSuffix(config["@type"].GetStringValue(), ".TcpProxy")
	text := config["idle_timeout"]
	if text == nil {
		text = config["idleTimeout"]
	}
	if _, isText := text.GetKind().(*structpb.Value_StringValue); !named || !isText {
		return 0, false
	}
	timeout, err := time.ParseDuration(text.GetStringValue())
	return timeout, err == nil
}
