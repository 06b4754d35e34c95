package dump_test

import (
	"fmt"
	"math"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/holdfast-mesh/holdfast/verify/dump"
)

// Every part that is kept, in one dump.
const everyPart = `{"configs": [
{"bootstrap": {"node": {
  "id": "sidecar~a~b.c~d",
  "user_agent_build_version": {"version": {"major_number": 1, "minor_number": 36}},
  "metadata": {"IDLE_TIMEOUT": "48h", "ENVOY_STATUS_PORT": 15021, "LABELS": {"a": "b"},
    "PROXY_CONFIG": {"drainDuration": "45s"}, "ANNOTATIONS": {"k": "v"}}
}}},
{"static_listeners": [{"listener": {"name": "own", "address": {"socket_address": {"address": "0.0.0.0", "port_value": 15021}}}}]},
{"dynamic_listeners": [
  {"name": "only refused", "error_state": {"details": "why", "last_update_attempt": "then"}},
  {"name": "outer", "active_state": {"listener": {
    "name": "full", "traffic_direction": "OUTBOUND", "use_original_dst": true,
    "address": {"socket_address": {"address": "0.0.0.0", "port_value": 15001}},
    "additional_addresses": [{"address": {"socket_address": {"address": "::", "port_value": 15001}}}, {"address": {"pipe": {"path": "/x"}}}],
    "socket_options": [{"level": "6", "name": 4, "int_value": "300"}],
    "tcp_keepalive": {"keepalive_time": 7},
    "filter_chains": [
      {"name": "one", "filter_chain_match": {"destination_port": 6379, "prefix_ranges": [{"address_prefix": "10.1.2.3", "prefix_len": 8}, {"address_prefix": "::", "prefix_len": 200}, {"address_prefix": "x"}],
        "transport_protocol": "tls", "application_protocols": ["h2"]},
       "filters": [
        {"name": "unknown", "typed_config": {"@type": "type.googleapis.com/x.Y", "cluster": {}}},
        {"name": "no config"},
        {"typed_config": {"@type": "type.googleapis.com/envoy.extensions.filters.network.set_filter_state.v3.Config", "on_new_connection": [{"object_key": "k", "format_string": {"text_format_source": {"inline_string": "v"}}}]}},
        {"typed_config": {"@type": "type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy", "idle_timeout": "0.5s", "max_downstream_connection_duration": "60s", "tunneling_config": {}, "weighted_clusters": {"clusters": [{"name": "a", "weight": 1}, {"name": "b"}]}}}
      ]},
      {"filter_chain_match": null, "filters": [{"typed_config": {"@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager", "upgrade_configs": [{"upgrade_type": "websocket"}], "common_http_protocol_options": {"idle_timeout": "9999999999999s", "max_connection_duration": "5s"}}}]}
    ],
    "default_filter_chain": {"filters": [{"typed_config": {"@type": "type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy", "cluster": "rest"}}]}
  }}},
  {"active_state": {"listener": {"name": "inner", "filter_chains": [
    {"filters": [{"typed_config": {"@type": "x.envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy", "cluster": "c", "tunneling_config": {"hostname": "x"}}}]},
    {"filters": [{"typed_config": {"@type": "x.envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy", "cluster": "BlackHoleCluster"}}]},
    {"filters": [{"typed_config": {"@type": "x.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager", "upgrade_configs": [{"upgrade_type": "CONNECT"}]}}]}
  ]}}}
]},
{"static_clusters": [{"cluster": {"name": "own"}}],
 "dynamic_active_clusters": [
  {"cluster": {"name": "kept", "upstream_connection_options": {"tcp_keepalive": {"keepalive_time": 1, "keepalive_interval": "2", "keepalive_probes": 99999999999}},
    "metadata": {"filter_metadata": {"istio": {"config": "/path"}, "other": 5}}}},
  {"cluster": {"name": 5}}
]}
]}`

func TestEveryPart(t *testing.T) {
	prefixes := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	seconds := func(s float64) *time.Duration {
		d := time.Duration(s * float64(time.Second))
		return &d
	}
	longest := time.Duration(math.MaxInt64)
	want := &dump.Dump{
		Node: &dump.Node{
			ID: "sidecar~a~b.c~d", Metadata: map[string]string{"IDLE_TIMEOUT": "48h"}, Annotations: map[string]string{"k": "v"},
			DrainDuration: "45s", Envoy: "1.36",
		},
		Listeners: []dump.Listener{
			{Name: "own", Static: true, Addresses: []netip.AddrPort{netip.MustParseAddrPort("0.0.0.0:15021")}},
			{
				Name: "full", Direction: "OUTBOUND", OriginalDestination: true,
				Addresses:     []netip.AddrPort{netip.MustParseAddrPort("0.0.0.0:15001"), netip.MustParseAddrPort("[::]:15001")},
				SocketOptions: []dump.SocketOption{{Level: 6, Name: 4, Value: 300}}, Keepalive: &dump.Keepalive{Time: 7},
				Chains: []dump.Chain{
					{Name: "one", Port: 6379, Prefixes: prefixes, Transport: "tls", Protocols: []string{"h2"}, Filters: []dump.Filter{
						{Kind: dump.FilterState, State: map[string]string{"k": "v"}},
						{Kind: dump.TCPProxy, IdleTimeout: seconds(0.5), MaxDuration: seconds(60), Clusters: []string{"a", "b"}},
					}},
					{Filters: []dump.Filter{{Kind: dump.HTTP, IdleTimeout: &longest, MaxDuration: seconds(5)}}},
					{Default: true, Filters: []dump.Filter{{Kind: dump.TCPProxy, Clusters: []string{"rest"}}}},
				},
			},
			{Name: "inner", Chains: []dump.Chain{
				{Filters: []dump.Filter{{Kind: dump.Tunnel, Clusters: []string{"c"}}}},
				{Filters: []dump.Filter{{Kind: dump.TCPProxy, Clusters: []string{"BlackHoleCluster"}}}},
				{Filters: []dump.Filter{{Kind: dump.Tunnel}}},
			}},
		},
		Clusters: map[string]dump.Cluster{
			"own":  {Static: true},
			"kept": {Config: "/path", Keepalive: &dump.Keepalive{Time: 1, Interval: 2, Probes: math.MaxUint32}},
		},
		Rejected: []dump.Rejection{{Listener: "only refused", Details: "why", Time: "then"}},
	}
	got, err := dump.Read(strings.NewReader(everyPart))
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Unread) != 1 || !strings.HasPrefix(got.Unread[0], "cluster /configs/3/dynamic_active_clusters/1: ") {
		t.Errorf("got unread %q, want the cluster whose name is a number", got.Unread)
	}
	got.Unread = nil
	if diff := cmp.Diff(want, got, cmpopts.EquateComparable(netip.Prefix{}, netip.AddrPort{})); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	var places []string
	for at := range got.Carriers() {
		places = append(places, at.Place()+" "+string(at.Filter.Kind))
	}
	if diff := cmp.Diff([]string{"full, chain one tcp", "full http", "full tcp"}, places); diff != "" {
		t.Errorf("carriers (-want +got)\n%s", diff)
	}
	for range got.Carriers() {
		break // may be left early
	}
}

// What narrows a chain in ways that are only noted.
func TestOtherConditions(t *testing.T) {
	for match, want := range map[string]bool{
		`{}`:                                    false,
		`{"source_type": "ANY"}`:                false,
		`{"source_type": "EXTERNAL"}`:           true,
		`{"server_names": ["a"]}`:               true,
		`{"source_ports": [1]}`:                 true,
		`{"source_prefix_ranges": [{}]}`:        true,
		`{"direct_source_prefix_ranges": [{}]}`: true,
		`{"destination_port": 70000}`:           false,
		`{"destination_port": -1}`:              false,
	} {
		d, err := dump.Read(strings.NewReader(`{"configs":[{"static_listeners":[{"listener":{"filter_chains":[{"filter_chain_match":` + match + `}]}}]}]}`))
		if err != nil || d.Unread != nil {
			t.Fatalf("%s: got %v, %v", match, d, err)
		}
		if c := d.Listeners[0].Chains[0]; c.Other != want || c.Port != 0 {
			t.Errorf("%s: got other %t and port %d, want %t and none", match, c.Other, c.Port, want)
		}
	}
	d, err := dump.Read(strings.NewReader(`{"configs":[{"static_listeners":[{"listener":{"filter_chains":[{"filter_chain_match":{"destination_port":65535}},{"filter_chain_match":{"destination_port":null}}]}}]}]}`))
	if err != nil || d.Listeners[0].Chains[0].Port != 65535 || d.Listeners[0].Chains[1].Port != 0 {
		t.Errorf("got %v, %v, want the largest port and none", d, err)
	}
}

// What cannot be read is told, but not without end.
func TestManyUnread(t *testing.T) {
	for _, n := range []int{9, 10, 11, 1000} {
		d, err := dump.Read(repeated(`{"configs":[{"static_clusters":[`, `5`, `]}]}`, n))
		if err != nil || len(d.Unread) != min(n, 10) {
			t.Errorf("%d strange clusters: got %d lines, %v", n, len(d.Unread), err)
		}
	}
}

// A number of 64 bits is a text in protobuf's JSON, and other texts are none.
func TestNumbers(t *testing.T) {
	for value, unread := range map[string]int{`5`: 0, `"5"`: 0, `null`: 0, `"five"`: 1, `{}`: 1} {
		d, err := dump.Read(strings.NewReader(fmt.Sprintf(`{"configs":[{"static_listeners":[{"listener":{"socket_options":[{"level":%s}]}}]}]}`, value)))
		if err != nil || len(d.Unread) != unread {
			t.Errorf("%s: got %+v, %v, want %d unread", value, d, err, unread)
		}
	}
}
