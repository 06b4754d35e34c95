package main

import (
	"strings"
	"testing"
)

const configDump = `{"configs": [
 {"@type": "type.googleapis.com/envoy.admin.v3.ClustersConfigDump", "version_info": "1", "dynamic_active_clusters": [
  {"version_info": "1", "last_updated": "T", "cluster": {"name": "PassthroughCluster", "type": "ORIGINAL_DST"}}]},
 {"@type": "type.googleapis.com/envoy.admin.v3.ListenersConfigDump", "dynamic_listeners": [
  {"name": "virtualOutbound", "active_state": {"version_info": "1", "listener": {"name": "virtualOutbound", "a": 1, "b": [1, 2]}}}]}
]}`

// What differs is what istiod serves; versions, times and the order of keys do not count.
func TestServed(t *testing.T) {
	before, err := parseServed([]byte(configDump))
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
		now, err := parseServed([]byte(strings.ReplaceAll(configDump, test.from, test.to)))
		if err != nil {
			t.Fatal(err)
		}
		if got := before.difference(now); !strings.HasPrefix(got, test.want) || (test.want == "") != (got == "") {
			t.Errorf("%s became %s: got %q, want %q", test.from, test.to, got, test.want)
		}
	}
	if _, err := parseServed([]byte(`{"configs": []}`)); err == nil {
		t.Error("got no error for a dump without listeners and clusters, want one")
	}
}
