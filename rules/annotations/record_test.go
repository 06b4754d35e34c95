package annotations

import (
	"testing"

	"github.com/holdfast-mesh/holdfast/istio/proxyconfig"
)

// Whatever somebody writes into a record: nothing panics, no setting of the
// author's that Istio accepts becomes one that it rejects.
func FuzzRecord(f *testing.F) {
	f.Add(`{"rules":["a"],"hash":"x","made":"config","wrote":{"ISTIO_META_IDLE_TIMEOUT":"48h"}}`, "proxyMetadata:\n  ISTIO_META_IDLE_TIMEOUT: 48h\n", "3306,6379")
	f.Add(`{"wrote":{"drainDuration":"45s","excludeOutboundPorts":"4:`+textHash("3306,6379")+`"},"was":{"drainDuration":"~","ISTIO_META_HOLDFAST":"{a: b}","config":"x: y"}}`, "drainDuration: 45s", "3306,6379")
	f.Add(`stale`, "a: [", "1-2")
	f.Fuzz(func(t *testing.T, text, config, list string) {
		v := Values{Applied: {text, true}, ProxyConfig: {config, true}, ExcludedPorts: {list, true}, ExcludedRanges: {list, true}}
		got := v.TakeBack()
		if got[Applied].Present {
			t.Fatalf("got %v, want no record", got)
		}
		if _, err := proxyconfig.Parse(config); err == nil {
			if _, err := proxyconfig.Parse(got[ProxyConfig].Text); err != nil {
				t.Fatalf("%q: %q became %q: %v", text, config, got[ProxyConfig].Text, err)
			}
		} else if got[ProxyConfig] != v[ProxyConfig] {
			t.Fatalf("%q: got %q, want %q, which Istio rejects, as it is", text, got[ProxyConfig].Text, config)
		}
		if isPorts(list) && !isPorts(got[ExcludedPorts].Text) || isPrefixes(list) && !isPrefixes(got[ExcludedRanges].Text) {
			t.Fatalf("%q: %q became %q and %q", text, list, got[ExcludedPorts].Text, got[ExcludedRanges].Text)
		}
		if again := got.TakeBack(); again != got {
			t.Fatalf("got %v, then %v", got, again)
		}
	})
}
