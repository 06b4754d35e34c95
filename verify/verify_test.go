package verify_test

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/holdfast-mesh/holdfast/istio"
	"github.com/holdfast-mesh/holdfast/test/source"
	"github.com/holdfast-mesh/holdfast/verify"
	"github.com/holdfast-mesh/holdfast/verify/dump"
)

// want is what a report must say: nothing in force that is not here, and every fault by its
// code, with words that name its cause.
type want struct {
	inForce []verify.Aspect
	faults  []fault
}

type fault struct {
	aspect verify.Aspect
	code   verify.Code
	says   string // in detail or fix
}

func check(t *testing.T, in verify.Input, w want) *verify.Report {
	t.Helper()
	report, err := verify.Check(in)
	if err != nil {
		t.Fatal(err)
	}
	var inForce []verify.Aspect
	faults := slices.Clone(w.faults)
	for _, f := range report.Findings {
		if f.Status == verify.InForce {
			inForce = append(inForce, f.Aspect)
		}
		if !f.Failed() {
			if f.Code != "" && f.Status != verify.NotSeen {
				t.Errorf("%s %s: got code %s, want none", f.Aspect, f.Status, f.Code)
			}
			continue
		}
		i := slices.IndexFunc(faults, func(w fault) bool {
			return w.aspect == f.Aspect && w.code == f.Code && strings.Contains(f.Detail+"\n"+f.Fix, w.says)
		})
		if i < 0 {
			t.Errorf("got %s %s: %s (%s), want none like it", f.Aspect, f.Code, f.Detail, f.Fix)
			continue
		}
		if f.Fix == "" {
			t.Errorf("%s %s: got no word of what to do", f.Aspect, f.Code)
		}
		faults = slices.Delete(faults, i, i+1)
	}
	for _, f := range faults {
		t.Errorf("got no %s %s that says %q", f.aspect, f.code, f.says)
	}
	if diff := cmp.Diff(w.inForce, inForce); diff != "" {
		t.Errorf("in force (-want +got)\n%s", diff)
	}
	if got := report.Failed(); got != (len(w.faults) > 0) {
		t.Errorf("got failed: %t, want %t", got, !got)
	}
	return report
}

// Dumps of real proxies: every fault named, no false alarm.
func TestRealDumps(t *testing.T) {
	for folder, w := range map[string]want{
		"plain":  {inForce: []verify.Aspect{verify.Updates}},
		"idle":   {inForce: []verify.Aspect{verify.IdleTimeout, verify.Keepalive, verify.DrainDuration, verify.Updates}},
		"scoped": {inForce: []verify.Aspect{verify.Destinations, verify.DrainDuration, verify.ExcludedPorts, verify.Updates}},
		"bypass": {inForce: []verify.Aspect{verify.ExcludedPorts, verify.ExcludedCIDRs, verify.Updates}},
		// What its clients should meet is in the rules, which are not given.
		"gateway": {inForce: []verify.Aspect{verify.IdleTimeout, verify.DrainDuration, verify.Updates}},
		// It reaches passthrough traffic, which no DestinationRule does.
		"overridden": {
			inForce: []verify.Aspect{verify.Updates},
			faults:  []fault{{verify.IdleTimeout, verify.TimeoutOverridden, "an EnvoyFilter of somebody else sets it"}},
		},
		"destinationrule": {
			inForce: []verify.Aspect{verify.Updates},
			faults:  []fault{{verify.IdleTimeout, verify.TimeoutOverridden, "DestinationRule lab/pg-timeout"}},
		},
		// What was in force before the refused update still is.
		"rejected": {
			inForce: []verify.Aspect{verify.IdleTimeout},
			faults:  []fault{{verify.Updates, verify.UpdateRejected, "Envoy refused 13 listeners"}},
		},
		"no-keepalive-object": {
			inForce: []verify.Aspect{verify.IdleTimeout, verify.Updates},
			faults:  []fault{{verify.Keepalive, verify.KeepaliveMissing, "holdfast-keepalive-60s-10s-5"}},
		},
		"no-destinations-object": {
			inForce: []verify.Aspect{verify.DrainDuration, verify.ExcludedPorts, verify.Updates},
			faults:  []fault{{verify.Destinations, verify.FilterMissing, "apply holdfast-destinations-v1"}},
		},
		"proxyconfig": {
			inForce: []verify.Aspect{verify.DrainDuration, verify.Updates},
			faults:  []fault{{verify.IdleTimeout, verify.ProxyHasOtherValue, "a ProxyConfig resource with a workload selector beats"}},
		},
		"edited": {
			inForce: []verify.Aspect{verify.Updates},
			faults: []fault{
				{verify.IdleTimeout, verify.ProxyHasOtherValue, "restart the pod"},
				{verify.Destinations, verify.ProxyHasNoValue, "written after the pod was made"},
				{verify.Keepalive, verify.ProxyHasNoValue, "written after the pod was made"},
				{verify.DrainDuration, verify.ProxyHasOtherValue, "the annotation says 12h, 45s holds"},
				{verify.ExcludedPorts, verify.NotExcluded, "istio-init was not told of 6379"},
			},
		},
	} {
		t.Run(folder, func(t *testing.T) { check(t, stored(t, folder), w) })
	}
}

// The words of what is in force, or holds instead.
func TestDetails(t *testing.T) {
	noServer := func(in *verify.Input) { in.Server = nil }
	for _, test := range []struct {
		folder string
		change func(*verify.Input)
		aspect verify.Aspect
		status verify.Status
		says   string
	}{
		{"idle", nil, verify.IdleTimeout, verify.InForce, "48h on every filter chain: 14 TCP, 5 HTTP"},
		{"idle", nil, verify.Keepalive, verify.InForce, "120s-30s-3 on all 12 clusters"},
		{"idle", func(in *verify.Input) {
			in.Dump.Clusters["connect_originate"], in.Dump.Clusters["x"] = dump.Cluster{}, dump.Cluster{Keepalive: &dump.Keepalive{}}
		}, verify.Keepalive, verify.InForce, "on all 12 clusters, connections to no known service included; 1 that Istio lets no EnvoyFilter reach have none: connect_originate"},
		{"idle", nil, verify.DrainDuration, verify.InForce, "12h on Envoy's command line"},
		{"idle", noServer, verify.DrainDuration, verify.NotSeen, "the proxy was told 12h when it started, which is a weaker sign"},
		{"edited", noServer, verify.DrainDuration, verify.NotInForce, "45s holds (what the proxy was told when it started)"},
		{"idle", func(in *verify.Input) { in.Server, in.Dump.Node.DrainDuration = nil, "" }, verify.DrainDuration, verify.NotSeen, "neither Envoy's command line nor"},
		{"plain", nil, verify.DrainDuration, verify.NotAskedFor, "45s holds (Envoy's command line)"},
		{"plain", func(in *verify.Input) { in.Server, in.Dump.Node = nil, nil }, verify.DrainDuration, verify.NotAskedFor, "Istio's default is 45s"},
		{"plain", nil, verify.IdleTimeout, verify.NotAskedFor, `IDLE_TIMEOUT="10s", which is not from the pod's annotation`},
		{"plain", func(in *verify.Input) { delete(in.Dump.Node.Metadata, "IDLE_TIMEOUT") }, verify.IdleTimeout, verify.NotAskedFor, "Envoy's own 1h holds"},
		{"plain", func(in *verify.Input) { in.Dump.Node = nil }, verify.IdleTimeout, verify.NotAskedFor, "not to be seen"},
		{"idle", func(in *verify.Input) { in.Dump.Listeners = in.Dump.Listeners[:0] }, verify.IdleTimeout, verify.NotSeen, "no listener carries connections"},
		{"scoped", nil, verify.Destinations, verify.InForce, "48h for connections that a pattern matches (1 of them); the filter stands before each of 12"},
		{"scoped", func(in *verify.Input) { in.Pod.Annotations = nil }, verify.Destinations, verify.NotAskedFor, "the proxy was started with it and keeps it"},
		{"plain", nil, verify.Destinations, verify.NotAskedFor, "no connection has an idle timeout by its destination"},
		{"plain", nil, verify.Keepalive, verify.NotAskedFor, "connections to servers outside the mesh have none"},
		{"idle", func(in *verify.Input) { in.Pod.Annotations = nil }, verify.Keepalive, verify.NotAskedFor, "outside the mesh have 120s-30s-3"},
		{"bypass", nil, verify.ExcludedPorts, verify.InForce, "11211 in the arguments of istio-init"},
		{"bypass", func(in *verify.Input) { in.Pod.Annotations = nil }, verify.ExcludedPorts, verify.NotAskedFor, "istio-init was told to exclude 11211, which is not from the pod's annotation"},
		{"bypass", func(in *verify.Input) { in.Pod.Containers = nil }, verify.ExcludedPorts, verify.NotSeen, "neither container istio-init nor istio-validation"},
		{"bypass", func(in *verify.Input) {
			in.Pod.Containers[0].Args = []string{"-x", "198.18.100.0/24", "-o", "11211,", "-o", "x"}
		}, verify.ExcludedPorts, verify.NotSeen, "argument -o of istio-init: item 2"},
		{"bypass", func(in *verify.Input) { in.Pod.Containers[0].Name = "istio-validation" }, verify.ExcludedPorts, verify.InForce, "from where Istio CNI reads it itself"},
		{"gateway", nil, verify.GatewayKeepalive, verify.NotSeen, "1 of its listeners have keepalive, 0.0.0.0_8443 has 300s-20s-4"},
		{"gateway", func(in *verify.Input) { in.Dump.Listeners = nil }, verify.GatewayKeepalive, verify.NotSeen, "none of its listeners has keepalive"},
		// A manifest need not say its namespace.
		{"plain", func(in *verify.Input) { in.Pod.Namespace.Name = "" }, verify.Updates, verify.InForce, "refused no listener"},
	} {
		in := stored(t, test.folder)
		if test.change != nil {
			test.change(&in)
		}
		report, err := verify.Check(in)
		if err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(report.Findings, func(f verify.Finding) bool { return f.Aspect == test.aspect })
		if i < 0 {
			t.Errorf("%s: got no finding of %s", test.folder, test.aspect)
		} else if f := report.Findings[i]; f.Status != test.status || !strings.Contains(f.Detail, test.says) {
			t.Errorf("%s %s: got %s, %q, want %s, %q", test.folder, test.aspect, f.Status, f.Detail, test.status, test.says)
		}
	}
}

// What ends without traffic by other rules is counted, and said only where it is.
func TestTunnels(t *testing.T) {
	for _, n := range []int{0, 1, 2} {
		in := stored(t, "idle", func(d *configDump) {
			for _, s := range d.sections {
				for i := range n {
					if list, ok := s.(object)["dynamic_listeners"].([]any); ok {
						s.(object)["dynamic_listeners"] = append(list, internalListener(strings.Repeat("x", i+1), object{
							"@type": "envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy", "cluster": "x", "tunneling_config": object{"hostname": "x"},
						}))
					}
				}
			}
		})
		report := check(t, in, want{inForce: []verify.Aspect{verify.IdleTimeout, verify.Keepalive, verify.DrainDuration, verify.Updates}})
		got := strings.Join(report.NotSeen, "\n")
		if said := strings.Contains(got, "HBONE"); said != (n > 0) || said && !strings.Contains(got, fmt.Sprintf("HBONE tunnels: %d filter chains", n)) {
			t.Errorf("%d tunnels: got\n%s", n, got)
		}
	}
}

// A pod of a later version is not judged.
func TestOtherVersion(t *testing.T) {
	in := stored(t, "scoped", func(d *configDump) { d.metadata()["HOLDFAST"] = "v2" })
	in.Pod.Annotations[istio.ProxyConfigAnnotation] = replaceValue(t, in.Pod.Annotations[istio.ProxyConfigAnnotation], istio.HoldfastMetadata, "v2")
	report := check(t, in, want{inForce: []verify.Aspect{verify.DrainDuration, verify.ExcludedPorts, verify.Updates}})
	if i := slices.IndexFunc(report.Findings, func(f verify.Finding) bool { return f.Code == verify.OtherVersion }); i < 0 {
		t.Error("got no finding OtherVersion")
	}
}

// A dump of one pod says nothing of another.
func TestOtherPod(t *testing.T) {
	in := stored(t, "idle")
	in.Pod = storedPod(t, "plain")
	if _, err := verify.Check(in); !errors.Is(err, verify.ErrOtherPod) {
		t.Errorf("got error %v, want ErrOtherPod", err)
	}
	in = stored(t, "idle")
	in.Server = stored(t, "plain").Server
	if _, err := verify.Check(in); !errors.Is(err, verify.ErrOtherPod) {
		t.Errorf("got error %v, want ErrOtherPod", err)
	}
}

// docs/verify.md speaks of every aspect, status and code, and of no other code.
func TestReferenceIsComplete(t *testing.T) {
	text, err := os.ReadFile("../docs/verify.md")
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for _, typ := range []string{"Aspect", "Status", "Code"} {
		for _, word := range source.Constants(t, "finding.go", typ) {
			known[word] = true
			if !strings.Contains(string(text), "`"+word+"`") {
				t.Errorf("docs/verify.md does not mention %s", word)
			}
		}
	}
	for _, row := range regexp.MustCompile("(?m)^\\| `([A-Z]\\w+)` \\|").FindAllSubmatch(text, -1) {
		if !known[string(row[1])] {
			t.Errorf("docs/verify.md speaks of %s, which is not in finding.go", row[1])
		}
	}
}
