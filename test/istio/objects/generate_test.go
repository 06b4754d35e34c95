package objects_test

import (
	"fmt"

	"pgregory.net/rapid"

	"github.com/holdfast-mesh/holdfast/istio"
	"github.com/holdfast-mesh/holdfast/rules"
)

// anyFile draws what a rules file can ask of the mesh: any keepalive, and any gateway that the
// loader accepts.
func anyFile(t *rapid.T) *rules.File {
	file := &rules.File{Mesh: rules.Mesh{RootNamespace: anyLabel.Draw(t, "root namespace")}}
	for i := range rapid.IntRange(0, 4).Draw(t, "rules") {
		r := rules.Rule{Name: fmt.Sprintf("r%d", i)}
		if rapid.Bool().Draw(t, "scope") {
			r.Strategy.Scope = rules.ScopeDestinations
		}
		if rapid.Bool().Draw(t, "keepalive") {
			k := anyKeepalive(t)
			r.Strategy.Keepalive = &k
		}
		file.Rules = append(file.Rules, r)
	}
	for i := range rapid.IntRange(0, 3).Draw(t, "gateways") {
		name := anyLabel.Draw(t, "gateway")
		file.Gateways = append(file.Gateways, rules.Gateway{
			Name:      fmt.Sprintf("%.60s-%d", name, i),
			Namespace: anyLabel.Draw(t, "namespace"),
			Selector:  rapid.MapOfN(anyKey, anyLabelValue, 1, 3).Draw(t, "selector"),
			Ports:     rapid.SliceOfNDistinct(rapid.Uint16Min(1), 1, 4, rapid.ID[uint16]).Draw(t, "ports"),
			Keepalive: anyKeepalive(t),
		})
	}
	return file
}

func anyKeepalive(t *rapid.T) istio.Keepalive {
	return keepaliveOf(
		rapid.Uint16Range(1, istio.MaxKeepaliveSeconds).Draw(t, "time"),
		rapid.Uint16Range(1, istio.MaxKeepaliveSeconds).Draw(t, "interval"),
		rapid.Uint8Range(1, istio.MaxKeepaliveProbes).Draw(t, "probes"))
}

func keepaliveOf(time, interval uint16, probes uint8) istio.Keepalive {
	return istio.Keepalive{Time: time, Interval: interval, Probes: probes}
}

// Texts of labels, those included that YAML takes for something else.
var (
	anyLabel      = rapid.OneOf(rapid.StringMatching(`[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?`), rapid.SampledFrom([]string{"null", "true", "1e3", "0x1", "no"}))
	anyKey        = rapid.StringMatching(`([a-z]([-a-z]{0,20}[a-z])?(\.[a-z]{1,9})?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?`)
	anyLabelValue = rapid.OneOf(rapid.StringMatching(`([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?`), rapid.SampledFrom([]string{"", "null", "true", "1.0", "2026-01-01", "0o7"}))
)
