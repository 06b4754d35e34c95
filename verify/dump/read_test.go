package dump_test

import (
	"bytes"
	"errors"
	"io"
	"net/netip"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/holdfast-mesh/holdfast/test/dumps"
	"github.com/holdfast-mesh/holdfast/verify/dump"
)

func stored(t testing.TB, path string) []byte {
	t.Helper()
	text, err := dumps.Unzip("../testdata/" + path)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// Envoy and istioctl write one dump in two ways, and it means the same.
func TestBothSpellings(t *testing.T) {
	envoy, err := dump.Read(bytes.NewReader(stored(t, "idle/config_dump.json.gz")))
	if err != nil {
		t.Fatal(err)
	}
	istioctl, err := dump.Read(bytes.NewReader(stored(t, "idle/istioctl.json.gz")))
	if err != nil {
		t.Fatal(err)
	}
	if len(envoy.Listeners) != 15 || len(envoy.Clusters) != 19 || envoy.Node == nil || envoy.Unread != nil {
		t.Errorf("got %d listeners, %d clusters, node %v, unread %v", len(envoy.Listeners), len(envoy.Clusters), envoy.Node, envoy.Unread)
	}
	if diff := cmp.Diff(envoy, istioctl, cmpopts.EquateComparable(netip.Prefix{}, netip.AddrPort{}), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("(-envoy +istioctl)\n%s", diff)
	}
}

func TestNotADump(t *testing.T) {
	for _, text := range []string{"", "null", "[]", "{}", `{"listeners": []}`, `{"configs": {}}`, "apiVersion: v1"} {
		if _, err := dump.Read(strings.NewReader(text)); err == nil {
			t.Errorf("%s: got no error", text)
		} else if text != "apiVersion: v1" && !errors.Is(err, dump.ErrNotADump) {
			t.Errorf("%s: got error %v, want ErrNotADump", text, err)
		}
	}
	text := stored(t, "idle/config_dump.json.gz")
	if _, err := dump.Read(bytes.NewReader(text[:len(text)/2])); err == nil || errors.Is(err, dump.ErrNotADump) {
		t.Errorf("half a dump: got error %v, want one of reading", err)
	}
}

func TestServerInfo(t *testing.T) {
	for text, want := range map[string]string{
		`{"command_line_options":{"drain_time":"43200s"},"node":{"id":"a"}}`: "12h0m0s",
		`{"commandLineOptions":{"drainTime":"45s"}}`:                         "45s",
		`{}`:       "",
		`nonsense`: "",
	} {
		info, err := dump.ReadServerInfo([]byte(text))
		if want == "" {
			if err == nil {
				t.Errorf("%s: got no error", text)
			}
			continue
		}
		if err != nil || info.DrainTime.String() != want {
			t.Errorf("%s: got %v, %v, want %s", text, info, err, want)
		}
	}
}

// repeated is a dump with one section many times over, made while it is read.
func repeated(before, element, after string, times int) io.Reader {
	parts := []io.Reader{strings.NewReader(before)}
	for i := range times {
		if i > 0 {
			parts = append(parts, strings.NewReader(","))
		}
		parts = append(parts, strings.NewReader(element))
	}
	return io.MultiReader(append(parts, strings.NewReader(after))...)
}

// A dump of 100 MB takes no more memory than what is kept of it.
func TestMemory(t *testing.T) {
	element := `{"cluster": {"name": "one", "load_assignment": {"endpoints": "` + strings.Repeat("x", 100_000) + `"}}}`
	in := repeated(`{"configs":[{"dynamic_active_clusters":[`, element, `]}]}`, 1000)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	d, err := dump.Read(in)
	if err != nil || len(d.Clusters) != 1 {
		t.Fatalf("got %v, %v", d, err)
	}
	runtime.ReadMemStats(&after)
	if grown := (after.TotalAlloc - before.TotalAlloc) >> 20; grown > 20 {
		t.Errorf("got %d MB allocated for a dump of 100 MB, want at most 20", grown)
	}
}

// Whatever is read, it is read or refused.
func FuzzRead(f *testing.F) {
	f.Add([]byte(`{"configs":[{"bootstrap":{"node":{"id":"sidecar~a~b.c~d","metadata":{"IDLE_TIMEOUT":"48h","ANNOTATIONS":{"a":"b"},"PROXY_CONFIG":{"drainDuration":"45s"}}}}}]}`))
	f.Add([]byte(`{"configs":[{"dynamic_listeners":[{"name":"x","active_state":{"listener":{"name":"x","address":{"socket_address":{"address":"::","port_value":70000}},"filter_chains":[{"filter_chain_match":{"destination_port":-1,"prefix_ranges":[{"address_prefix":"1.2.3.4","prefix_len":99}]},"filters":[{"typed_config":{"@type":"envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy","idle_timeout":"99999999999999s"}}]}]}},"error_state":{"details":"x"}}]}]}`))
	f.Add([]byte(`{"configs":[{"dynamicActiveClusters":[{"cluster":{"name":"a","upstreamConnectionOptions":{"tcpKeepalive":{"keepaliveTime":"99999999999"}}}}]}]}`))
	f.Add([]byte(`{"configs":[{"static_clusters":[null,1,"x",[]]},null,5]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		d, err := dump.Read(bytes.NewReader(text))
		if (d == nil) == (err == nil) {
			t.Fatalf("got %v and error %v, want one of them", d, err)
		}
		if d == nil {
			return
		}
		for at := range d.Carriers() {
			if at.Place() == "" && at.Listener.Name != "" {
				t.Errorf("got no place for %+v", at)
			}
		}
	})
}
