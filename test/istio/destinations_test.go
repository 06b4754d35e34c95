package istio_test

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	listener "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	setfilterstate "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/set_filter_state/v3"
	corev1 "k8s.io/api/core/v1"

	"github.com/holdfast-mesh/holdfast/mesh"
	testmesh "github.com/holdfast-mesh/holdfast/test/istio/mesh"
)

// With its object applied, the proxy of a pod with `scope: Destinations` gets the filter
// before every outbound TCP proxy, and no other proxy gets it anywhere.
func TestDestinationsAreServed(t *testing.T) {
	apply(t, objectOf(t, mesh.Destinations(testmesh.RootNamespace)))
	namespace := optedIn(t, plain)
	address := newService(t, namespace, 6379)
	with := injected(t, newPod(namespace, "destinations"))
	// Passthrough traffic, and a service that the mesh knows.
	for _, name := range []string{"virtualOutbound", address + "_6379"} {
		err := testmesh.Await(t.Context(), "the filter in "+name, func(ctx context.Context) error {
			return checkFilter(ctx, with, name)
		})
		if err != nil {
			t.Error(err)
		}
	}
	// Checked after istiod is known to serve it: absence proves something now.
	for what, pod := range map[string]*corev1.Pod{
		"a rule with the scope Sidecar": injected(t, newPod(namespace, "idle")),
		"only metadata for keepalive":   injected(t, newPod(namespace, "keepalive")),
		"no rule":                       first(create(t, newPod(namespace))),
	} {
		served, err := shared.mesh.Revision(plain).Serve(t.Context(), pod, "10.0.0.7")
		if err != nil {
			t.Fatal(err)
		}
		for name, l := range served.Listeners {
			for _, chain := range chains(l) {
				if slices.Contains(filters(chain), mesh.FilterStateFilter) {
					t.Errorf("%s: listener %s, chain %q: got the filter, want none", what, name, chain.GetName())
				}
			}
		}
	}
}

// checkFilter looks for the filter directly before each TCP proxy of a listener.
func checkFilter(ctx context.Context, pod *corev1.Pod, name string) error {
	served, err := shared.mesh.Revision(plain).Serve(ctx, pod, "10.0.0.7")
	if err != nil {
		return err
	}
	proxies := 0
	for _, chain := range chains(served.Listeners[name]) {
		for i, filter := range filters(chain) {
			if filter != mesh.TCPProxyFilter {
				continue
			}
			proxies++
			if i == 0 || filters(chain)[i-1] != mesh.FilterStateFilter {
				return fmt.Errorf("listener %s, chain %q: got filters %q, want %s before %s", name, chain.GetName(), filters(chain), mesh.FilterStateFilter, mesh.TCPProxyFilter)
			}
			if err := checkExpression(chain.GetFilters()[i-1]); err != nil {
				return err
			}
		}
	}
	if proxies == 0 {
		return fmt.Errorf("got no TCP proxy in listener %s among %d listeners", name, len(served.Listeners))
	}
	return nil
}

// checkExpression holds the filter against the metadata that holdfast writes: all eight patterns
// and the timeout are read, and nothing else; what is empty is skipped.
func checkExpression(filter *listener.Filter) error {
	config := &setfilterstate.Config{}
	if err := filter.GetTypedConfig().UnmarshalTo(config); err != nil {
		return err
	}
	if n := len(config.GetOnNewConnection()); n != 1 {
		return fmt.Errorf("got %d values, want 1", n)
	}
	value := config.GetOnNewConnection()[0]
	if value.GetObjectKey() != "envoy.tcp_proxy.per_connection_idle_timeout_ms" || !value.GetSkipIfEmpty() || !value.GetFormatString().GetOmitEmptyValues() {
		return fmt.Errorf("got %v, want the idle timeout, set only where it is not empty", value)
	}
	if formatters := value.GetFormatString().GetFormatters(); formatters != nil {
		return fmt.Errorf("got formatters %v, want none: newer Envoys warn of them", formatters)
	}
	text := value.GetFormatString().GetTextFormatSource().GetInlineString()
	got := regexp.MustCompile(`metadata\['(\w+)'\]`).FindAllStringSubmatch(text, -1)
	var keys []string
	for _, match := range got {
		keys = append(keys, match[1])
	}
	var want []string
	for i := range 8 {
		want = append(want, fmt.Sprintf("HOLDFAST_DESTINATIONS_%d", i+1))
	}
	if want = append(want, "HOLDFAST_IDLE_TIMEOUT_MS"); !slices.Equal(keys, want) || strings.Count(text, " || ") != 7 {
		return fmt.Errorf("got an expression over %q, want %q, joined by ||:\n%s", keys, want, text)
	}
	return nil
}

// The versions that the filter is for: an older Envoy would reject the listener.
func TestDestinationsProxyVersion(t *testing.T) {
	text := mesh.Destinations(testmesh.RootNamespace).Spec.ConfigPatches[0].Match.Proxy.ProxyVersion
	version, err := regexp.Compile(text)
	if err != nil || text == "" {
		t.Fatalf("got proxyVersion %q (%v), want a regular expression", text, err)
	}
	for proxy, want := range map[string]bool{
		"1.28.0": true, "1.28.0-rc.1": true, "1.28-alpha.0123abc": true, "1.29.3": true, "1.30.0": true, "1.31.0": true, "1.99.1": true, "1.100.0": true,
		"2.0.0": true, "2.3": true, "10.0.0": true,
		// Envoy 1.35 and older.
		"1.27.9": false, "1.24.0": false, "1.9.0": false, "1.3.28": false, "1.2.8": false, "1.20.28": false,
		// Not a version, and 0.x.
		"": false, "unknown": false, "0.28.0": false,
	} {
		if got := version.MatchString(proxy); got != want {
			t.Errorf("version %q: got a match %t, want %t", proxy, got, want)
		}
	}
}

func chains(l *listener.Listener) []*listener.FilterChain {
	return append([]*listener.FilterChain{l.GetDefaultFilterChain()}, l.GetFilterChains()...)
}

func filters(chain *listener.FilterChain) (names []string) {
	for _, filter := range chain.GetFilters() {
		names = append(names, filter.GetName())
	}
	return names
}

func first(pod *corev1.Pod, _ []string) *corev1.Pod { return pod }
