package proxyconfig

import (
	"testing"

	"github.com/holdfast-mesh/holdfast/istio"
)

// typicalProxyConfig is an annotation of ten lines, as workloads carry it.
const typicalProxyConfig = `# Wait for the sidecar before the application starts.
holdApplicationUntilProxyStarts: true
concurrency: 2
terminationDrainDuration: 30s
proxyMetadata:
  # Resolve names in the sidecar.
  ISTIO_META_DNS_CAPTURE: "true"
  EXIT_ON_ZERO_ACTIVE_CONNECTIONS: 'true'
proxyStatsMatcher:
  inclusionRegexps: [".*circuit_breakers.*"]
`

var typicalEdit = Edit{
	SetMetadata: map[string]string{
		istio.HoldfastMetadata:                 istio.HoldfastVersion,
		istio.DestinationsMetadataPrefix + "1": "^10[.]20[.][0-9]+[.][0-9]+:(6379|700[0-5])$",
		istio.DestinationsIdleTimeoutMetadata:  "172800000",
	},
	RemoveMetadata: []string{istio.DestinationsMetadataPrefix + "2"},
	SetFields:      map[Field]string{DrainDuration: "43200s"},
}

func BenchmarkProxyConfig(b *testing.B) {
	for _, bench := range []struct {
		name, text string
		edit       Edit
	}{
		{"empty", "", typicalEdit},
		{"typical", typicalProxyConfig, typicalEdit},
		{"metadata only", "proxyMetadata:\n  ISTIO_META_DNS_CAPTURE: \"true\"\n", typicalEdit},
		{"JSON", `{"proxyMetadata":{"ISTIO_META_DNS_CAPTURE":"true"}}`, typicalEdit},
	} {
		b.Run(bench.name+"/parse", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Parse(bench.text); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(bench.name+"/edit", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				config, err := Parse(bench.text)
				if err != nil {
					b.Fatal(err)
				}
				if _, err := config.Edit(bench.edit); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
