package envoy

import (
	"strings"
	"testing"

	"github.com/holdfast-mesh/holdfast/test/lab/report"
)

const configDump = `{"configs": [
 {"@type": "type.googleapis.com/envoy.admin.v3.ClustersConfigDump", "version_info": "1", "dynamic_active_clusters": [
  {"version_info": "1", "last_updated": "T", "cluster": {"name": "PassthroughCluster", "type": "ORIGINAL_DST"}}]},
 {"@type": "type.googleapis.com/envoy.admin.v3.ListenersConfigDump", "dynamic_listeners": [
  {"name": "virtualOutbound", "active_state": {"version_info": "1", "listener": {"name": "virtualOutbound", "a": 1, "b": [1, 2]}}}]}
]}`

// What differs is what istiod serves; versions, times and the order of keys do not count.
func TestServed(t *testing.T) {
	before, err := ParseServed([]byte(configDump))
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ from, to, want string }{
		{`"version_info": "1"`, `"version_info": "2"`, ""},
		{`"a": 1, "b": [1, 2]`, `"b": [1, 2], "a": 1`, ""},
		{`"b": [1, 2]`, `"b": [2, 1]`, "listener virtualOutbound"},
		{`ORIGINAL_DST`, `STATIC`, "cluster PassthroughCluster"},
		{`"PassthroughCluster"`, `"other"`, "cluster PassthroughCluster"},
		{`{"name": "virtualOutbound", "active_state"`, `{"name": "another", "active_state"`, "listener another"},
	} {
		now, err := ParseServed([]byte(strings.ReplaceAll(configDump, test.from, test.to)))
		if err != nil {
			t.Fatal(err)
		}
		if got := before.Difference(now); !strings.HasPrefix(got, test.want) || (test.want == "") != (got == "") {
			t.Errorf("%s became %s: got %q, want %q", test.from, test.to, got, test.want)
		}
	}
	if _, err := ParseServed([]byte(`{"configs": []}`)); err == nil {
		t.Error("got no error for a dump without listeners and clusters, want one")
	}
}

// Envoy's text format, of which only the named counters are kept.
func TestCounters(t *testing.T) {
	text := "listener_manager.lds.update_success: 2\ntcp.PassthroughCluster.idle_timeout: 1\nserver.live: 1\ncluster.x.upstream_cx_length_ms: P0(1,1)\n"
	got := ParseCounters(text)
	if len(got) != 2 || got["listener_manager.lds.update_success"] != 2 || got["tcp.PassthroughCluster.idle_timeout"] != 1 {
		t.Errorf("got %v, want the two named counters", got)
	}
	// A gauge that is back at its start is kept for what it was in between.
	const draining = "listener_manager.total_filter_chains_draining"
	changes := Moved(map[string]int64{draining: 0, "same": 3}, map[string]int64{draining: 9, "same": 3}, map[string]int64{draining: 0, "same": 3})
	if want := (report.Counter{During: 9}); len(changes) != 1 || changes[draining] != want {
		t.Errorf("got %v, want only %s: %v", changes, draining, want)
	}
}
