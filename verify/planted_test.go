package verify_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/holdfast-mesh/holdfast/istio"
	"github.com/holdfast-mesh/holdfast/rules"
	"github.com/holdfast-mesh/holdfast/verify"
)

// Faults planted into real dumps.
func TestPlantedInTheDump(t *testing.T) {
	annotations := func(config string) func(*configDump) {
		return func(d *configDump) { d.metadata()["ANNOTATIONS"] = object{istio.ProxyConfigAnnotation: config} }
	}
	set := func(key, value string) func(*configDump) {
		return func(d *configDump) { d.metadata()[key] = value }
	}
	const tcp = "type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy"
	inIdle := func(not ...verify.Aspect) []verify.Aspect {
		return slices.DeleteFunc([]verify.Aspect{verify.IdleTimeout, verify.Keepalive, verify.DrainDuration, verify.Updates},
			func(a verify.Aspect) bool { return slices.Contains(not, a) })
	}
	inScoped := []verify.Aspect{verify.DrainDuration, verify.ExcludedPorts, verify.Updates}
	for name, test := range map[string]struct {
		folder string
		edit   func(*configDump)
		want   want
	}{
		// The pod mounts its annotations: what they were at the start tells the two causes apart.
		"old pod, by its own account": {"proxyconfig", annotations(""), want{
			[]verify.Aspect{verify.DrainDuration, verify.Updates},
			[]fault{{verify.IdleTimeout, verify.ProxyHasOtherValue, `"30m"; the annotation was written after the pod was made`}},
		}},
		"ProxyConfig, by the pod's own account": {"proxyconfig", annotations("proxyMetadata: {ISTIO_META_IDLE_TIMEOUT: 48h}"), want{
			[]verify.Aspect{verify.DrainDuration, verify.Updates},
			[]fault{{verify.IdleTimeout, verify.ProxyHasOtherValue, `"30m"; a ProxyConfig resource`}},
		}},
		// HTTP connections, and the other direction.
		"inbound HTTP": {"idle", func(d *configDump) {
			for _, c := range d.listener("virtualInbound")["filter_chains"].([]any) {
				if c.(object)["name"] == "virtualInbound-catchall-http" {
					c.(object)["filters"].([]any)[0].(object)["typed_config"].(object)["common_http_protocol_options"] = object{"idle_timeout": "60s"}
				}
			}
		}, want{inIdle(verify.IdleTimeout), []fault{{verify.IdleTimeout, verify.TimeoutOverridden, "inbound HTTP connections have 1m instead of 48h on 1 filter chains"}}}},
		"no timeout of its own": {"idle", func(d *configDump) {
			delete(d.filters("10.0.0.77_6379")[0].(object)["typed_config"].(object), "idle_timeout")
		}, want{inIdle(verify.IdleTimeout), []fault{{verify.IdleTimeout, verify.TimeoutOverridden, "none of its own (Envoy's 1h)"}}}},
		"as a typed struct": {"idle", func(d *configDump) {
			d.filters("10.0.0.77_6379")[0].(object)["typed_config"] = object{
				"@type": "type.googleapis.com/udpa.type.v1.TypedStruct", "type_url": tcp, "value": object{"cluster": "x", "idle_timeout": "9s"},
			}
		}, want{inIdle(verify.IdleTimeout), []fault{{verify.IdleTimeout, verify.TimeoutOverridden, "have 9s instead"}}}},
		"one cluster without keepalive": {"idle", func(d *configDump) {
			delete(d.cluster("outbound|6379||redis.lab.svc.cluster.local"), "upstream_connection_options")
		}, want{inIdle(verify.Keepalive), []fault{{verify.Keepalive, verify.KeepaliveOverridden, "1 of 12 clusters have no keepalive"}}}},
		"other keepalive": {"idle", func(d *configDump) {
			d.cluster("PassthroughCluster")["upstream_connection_options"] = object{"tcp_keepalive": object{"keepalive_time": 7200}}
		}, want{inIdle(verify.Keepalive), []fault{{verify.Keepalive, verify.KeepaliveOverridden, "have 7200s-kernel's-kernel's instead of 120s-30s-3"}}}},
		// The tunnels of HBONE end by other rules; what is inside them by these.
		"HBONE": {"idle", func(d *configDump) {
			for _, s := range d.sections {
				if list, ok := s.(object)["dynamic_listeners"].([]any); ok {
					s.(object)["dynamic_listeners"] = append(list,
						internalListener("connect_originate", object{"@type": tcp, "cluster": "connect_originate", "tunneling_config": object{"hostname": "x"}}),
						internalListener("connect_terminate", object{"@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager", "upgrade_configs": []any{object{"upgrade_type": "CONNECT"}}}),
						internalListener("main_internal", object{"@type": tcp, "cluster": "inbound-vip|80", "idle_timeout": "7s"}),
					)
				}
			}
		}, want{inIdle(verify.IdleTimeout), []fault{{verify.IdleTimeout, verify.TimeoutOverridden, "have 7s instead of 48h on 1 filter chains"}}}},
		// What nobody connects to may be as it is.
		"inbound and black hole clusters": {"idle", func(d *configDump) {
			delete(d.cluster("BlackHoleCluster"), "upstream_connection_options")
		}, want{inForce: inIdle()}},
		"clusters that no EnvoyFilter reaches": {"idle", func(d *configDump) {
			for _, s := range d.sections {
				if list, ok := s.(object)["dynamic_active_clusters"].([]any); ok {
					s.(object)["dynamic_active_clusters"] = append(list, object{"cluster": object{"name": "connect_originate"}}, object{"cluster": object{"name": "of an operator"}})
				}
			}
		}, want{inForce: inIdle()}},
		"no cluster at all": {"idle", func(d *configDump) {
			for _, s := range d.sections {
				if _, ok := s.(object)["dynamic_active_clusters"]; ok {
					s.(object)["dynamic_active_clusters"] = []any{}
				}
			}
		}, want{inForce: inIdle(verify.Keepalive)}},
		"unknown types": {"idle", func(d *configDump) {
			d.sections = append(d.sections, object{"@type": "type.googleapis.com/of.the.Future", "items": []any{object{"filters": "x"}}}, "x", nil)
			d.listener("10.0.0.77_6379")["filter_chains"].([]any)[0].(object)["filters"] = append([]any{object{"typed_config": object{
				"@type": "type.googleapis.com/of.the.Future", "idle_timeout": []any{1}, "cluster": 5,
			}}}, d.filters("10.0.0.77_6379")...)
		}, want{inForce: inIdle()}},
		"Istio 1.28": {"no-destinations-object", set("ISTIO_VERSION", "1.28.0"), want{inScoped, []fault{{verify.Destinations, verify.FilterMissing, "apply holdfast-destinations-v1"}}}},
		"Istio 2":    {"no-destinations-object", set("ISTIO_VERSION", "2.1.0"), want{inScoped, []fault{{verify.Destinations, verify.FilterMissing, "apply holdfast-destinations-v1"}}}},
		"all clusters have others": {"idle", func(d *configDump) {
			for _, c := range d.list("dynamic_active_clusters") {
				c.(object)["cluster"].(object)["upstream_connection_options"] = object{"tcp_keepalive": object{"keepalive_time": 60, "keepalive_interval": 5, "keepalive_probes": 2}}
			}
		}, want{inIdle(verify.Keepalive), []fault{{verify.Keepalive, verify.KeepaliveMissing, "none of 12 clusters has 120s-30s-3; connections are opened with 60s-5s-2"}}}},
		"HTTP alone": {"idle", func(d *configDump) {
			for _, name := range []string{"0.0.0.0_8080", "10.0.0.76_443"} {
				d.filters(name)[0].(object)["typed_config"].(object)["common_http_protocol_options"] = object{"idle_timeout": "3600s"}
			}
		}, want{inIdle(verify.IdleTimeout), []fault{{verify.IdleTimeout, verify.TimeoutOverridden, "httpIdleTimeout in connectionSettings"}}}},
		"filter refused": {"rejected", func(d *configDump) {
			for key, value := range map[string]string{"HOLDFAST": "v1", "HOLDFAST_IDLE_TIMEOUT_MS": "5", "HOLDFAST_DESTINATIONS_8": "^x$"} {
				d.metadata()[key] = value
			}
		}, want{[]verify.Aspect{verify.IdleTimeout}, []fault{{verify.Updates, verify.UpdateRejected, "13 listeners"}}}},
		"Istio 1.27": {"no-destinations-object", set("ISTIO_VERSION", "1.27.3"), want{inScoped, []fault{{verify.Destinations, verify.IstioTooOld, "Istio 1.27.3"}}}},
		"filter missing in one place": {"scoped", func(d *configDump) {
			d.listener("10.0.0.77_6379")["filter_chains"].([]any)[0].(object)["filters"] = d.filters("10.0.0.77_6379")[1:]
		}, want{inScoped, []fault{{verify.Destinations, verify.FilterMissing, "1 of 12"}}}},
		// The state is set when the connection is there; behind the TCP proxy that is too late.
		"filter behind": {"scoped", func(d *configDump) {
			slices.Reverse(d.filters("10.0.0.77_6379"))
		}, want{inScoped, []fault{{verify.Destinations, verify.FilterMissing, "1 of 12"}}}},
		"another filter after it": {"scoped", func(d *configDump) {
			foreign := object{"typed_config": object{
				"@type":             "type.googleapis.com/envoy.extensions.filters.network.set_filter_state.v3.Config",
				"on_new_connection": []any{object{"object_key": "envoy.tcp_proxy.per_connection_idle_timeout_ms", "format_string": object{"text_format_source": object{"inline_string": "7000"}}}},
			}}
			d.listener("10.0.0.77_6379")["filter_chains"].([]any)[0].(object)["filters"] = slices.Insert(d.filters("10.0.0.77_6379"), 1, any(foreign))
		}, want{inScoped, []fault{{verify.Destinations, verify.FilterOverridden, "1 of 12"}}}},
	} {
		t.Run(name, func(t *testing.T) { check(t, stored(t, test.folder, test.edit), test.want) })
	}
}

// internalListener is one without an address, with one filter.
func internalListener(name string, config object) object {
	return object{"name": name, "active_state": object{"listener": object{
		"name": name, "internal_listener": object{}, "filter_chains": []any{object{"filters": []any{object{"typed_config": config}}}},
	}}}
}

// What the pod itself says.
func TestPlantedInThePod(t *testing.T) {
	config := func(text string) func(*rules.Pod) {
		return func(p *rules.Pod) { p.Annotations[istio.ProxyConfigAnnotation] = text }
	}
	for name, test := range map[string]struct {
		folder string
		edit   func(*rules.Pod)
		want   want
	}{
		"not Istio's grammar": {"plain", config("proxyMetadata: {ISTIO_META_IDLE_TIMEOUT: 2d}"), want{
			[]verify.Aspect{verify.Updates}, []fault{{verify.IdleTimeout, verify.ValueIgnored, `want "48h"`}},
		}},
		"broken YAML": {"plain", config("proxyMetadata: ["), want{
			[]verify.Aspect{verify.Updates}, []fault{{verify.Annotation, verify.AnnotationRejected, "Istio denies new pods"}},
		}},
		"keepalive that is none": {"plain", config("proxyMetadata: {ISTIO_META_HOLDFAST_KEEPALIVE: 2m-30s-3}"), want{
			[]verify.Aspect{verify.Updates}, []fault{{verify.Keepalive, verify.ValueIgnored, "2m-30s-3"}},
		}},
		"drain of half a second": {"plain", config("drainDuration: 1.5s"), want{
			[]verify.Aspect{verify.Updates}, []fault{{verify.Annotation, verify.AnnotationRejected, "whole seconds"}},
		}},
		"list that Istio rejects": {"bypass", func(p *rules.Pod) { p.Annotations[istio.ExcludeOutboundPortsAnnotation] = "3306," }, want{
			[]verify.Aspect{verify.ExcludedCIDRs, verify.Updates}, []fault{{verify.ExcludedPorts, verify.AnnotationRejected, "item 2"}},
		}},
		// The same network in another writing.
		"unmasked": {"bypass", func(p *rules.Pod) {
			p.Annotations[istio.ExcludeOutboundIPRangesAnnotation] = "198.18.100.7/24"
		}, want{inForce: []verify.Aspect{verify.ExcludedPorts, verify.ExcludedCIDRs, verify.Updates}}},
		// CNI reads the annotation itself: what the container was told shows only when the pod was made.
		"CNI": {"bypass", func(p *rules.Pod) {
			p.Containers[0].Name = "istio-validation"
			p.Annotations[istio.ExcludeOutboundPortsAnnotation] = "11211,6379"
		}, want{inForce: []verify.Aspect{verify.ExcludedCIDRs, verify.Updates}}},
		"gateway without capture": {"gateway", func(p *rules.Pod) { p.Annotations[istio.ExcludeOutboundPortsAnnotation] = "6379" }, want{
			[]verify.Aspect{verify.IdleTimeout, verify.DrainDuration, verify.Updates},
			[]fault{{verify.ExcludedPorts, verify.NothingCaptured, "captures no traffic"}},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			in := stored(t, test.folder)
			test.edit(in.Pod)
			check(t, in, test.want)
		})
	}
}

// Metadata of the proxy that its filter would ignore, or worse.
func TestScopeThatHasNoEffect(t *testing.T) {
	for _, test := range []struct{ key, value, says string }{
		{istio.DestinationsIdleTimeoutMetadata, "48h", "want a number of milliseconds"},
		{istio.DestinationsIdleTimeoutMetadata, "0", "closes these connections as soon as they are open"},
		{istio.DestinationsMetadataPrefix + "1", "^(", "no regular expression"},
		{istio.DestinationsMetadataPrefix + "1", "", "no pattern"},
	} {
		in := stored(t, "scoped", func(d *configDump) { d.metadata()[strings.TrimPrefix(test.key, "ISTIO_META_")] = test.value })
		annotation := in.Pod.Annotations[istio.ProxyConfigAnnotation]
		in.Pod.Annotations[istio.ProxyConfigAnnotation] = replaceValue(t, annotation, test.key, test.value)
		check(t, in, want{
			[]verify.Aspect{verify.DrainDuration, verify.ExcludedPorts, verify.Updates},
			[]fault{{verify.Destinations, verify.ValueIgnored, test.says}},
		})
	}
}

// replaceValue changes the line of one key of proxyMetadata.
func replaceValue(t *testing.T, annotation, key, value string) string {
	t.Helper()
	var out strings.Builder
	found := false
	for line := range strings.Lines(annotation) {
		if name, _, _ := strings.Cut(strings.TrimSpace(line), ":"); name == key {
			line, found = "  "+key+": '"+value+"'\n", true
		}
		out.WriteString(line)
	}
	if !found {
		t.Fatalf("no key %s in %s", key, annotation)
	}
	return out.String()
}

// Gateways: the rules say what is asked for.
func TestGateway(t *testing.T) {
	entry := rules.Gateway{
		Name: "edge", Namespace: "lab", Selector: map[string]string{"app": "edge"},
		Ports: []uint16{8443}, Keepalive: istio.Keepalive{Time: 300, Interval: 20, Probes: 4},
	}
	with := func(change func(*rules.Gateway)) *rules.File {
		g := entry
		change(&g)
		return &rules.File{Gateways: []rules.Gateway{g}}
	}
	base := []verify.Aspect{verify.IdleTimeout, verify.DrainDuration}
	good := append(slices.Clone(base), verify.GatewayKeepalive, verify.Updates)
	bad := append(slices.Clone(base), verify.Updates)
	for name, test := range map[string]struct {
		rules *rules.File
		edit  []func(*configDump)
		want  want
	}{
		"as the rule says": {with(func(*rules.Gateway) {}), nil, want{inForce: good}},
		"another gateway":  {with(func(g *rules.Gateway) { g.Selector = map[string]string{"app": "other"} }), nil, want{inForce: bad}},
		"edited rule": {with(func(g *rules.Gateway) { g.Keepalive.Time = 60 }), nil, want{
			bad, []fault{{verify.GatewayKeepalive, verify.KeepaliveOverridden, "300s-20s-4 instead of 60s-20s-4"}},
		}},
		"port without listener": {with(func(g *rules.Gateway) { g.Ports = []uint16{443} }), nil, want{
			bad, []fault{{verify.GatewayKeepalive, verify.ListenerMissing, "port 443"}},
		}},
		"port without options": {with(func(g *rules.Gateway) { g.Ports = []uint16{8080} }), nil, want{
			bad, []fault{{verify.GatewayKeepalive, verify.KeepaliveMissing, "holdfast-gateway-edge in namespace lab"}},
		}},
		// Options are set in order, and the last one of a name counts.
		"merged twice": {with(func(*rules.Gateway) {}), []func(*configDump){func(d *configDump) {
			l := d.listener("0.0.0.0_8443")
			l["socket_options"] = append(l["socket_options"].([]any), object{"level": "6", "name": "4", "int_value": "9"})
		}}, want{bad, []fault{{verify.GatewayKeepalive, verify.KeepaliveOverridden, "9s-20s-4"}}}},
		"by the newer field": {with(func(*rules.Gateway) {}), []func(*configDump){func(d *configDump) {
			l := d.listener("0.0.0.0_8443")
			delete(l, "socket_options")
			l["tcp_keepalive"] = object{"keepalive_time": 300, "keepalive_interval": 20, "keepalive_probes": 4}
		}}, want{inForce: good}},
	} {
		t.Run(name, func(t *testing.T) {
			in := stored(t, "gateway", test.edit...)
			in.Rules = test.rules
			check(t, in, test.want)
		})
	}
}

// What is not given is said, and is no fault.
func TestNotSeen(t *testing.T) {
	for name, test := range map[string]struct {
		edit func(*configDump)
		says string
		want want
	}{
		"no listeners": {without("dynamic_listeners"), "listeners: the dump has no such section", want{inForce: []verify.Aspect{verify.Keepalive}}},
		"no clusters":  {without("dynamic_active_clusters"), "clusters: the dump has no such section", want{inForce: []verify.Aspect{verify.IdleTimeout, verify.Updates}}},
		// Then what the annotation says is held against the listeners themselves.
		"no bootstrap": {without("bootstrap"), "started with", want{inForce: []verify.Aspect{verify.IdleTimeout, verify.Keepalive, verify.Updates}}},
		"strange listener": {
			func(d *configDump) { d.listener("10.0.0.77_6379")["filter_chains"] = "none" },
			"not as Envoy writes it: listener /configs/",
			want{inForce: []verify.Aspect{verify.IdleTimeout, verify.Keepalive, verify.Updates}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			in := stored(t, "idle", test.edit)
			in.Server = nil // only its command line shows the drain time for sure
			report := check(t, in, test.want)
			unseen := strings.Join(report.NotSeen, "\n")
			for _, says := range []string{test.says, "Envoy's command line", "iptables", "NAT", "EnvoyFilter"} {
				if !strings.Contains(unseen, says) {
					t.Errorf("got not seen:\n%s\nwant a line that says %q", unseen, says)
				}
			}
		})
	}
}
