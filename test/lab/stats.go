package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/holdfast-mesh/holdfast/test/lab/report"
)

// get fetches a URL from inside the pod's namespace.
func (p *pod) get(ctx context.Context, url string) (string, error) {
	transport := &http.Transport{DialContext: p.Dial, DisableKeepAlives: true}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return "", err
	}
	response, err := transport.RoundTrip(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s answers %s, want 200", url, response.Status)
	}
	return string(body), err
}

// counters are the ones that tell something about connections and configuration.
var counters = []string{
	"listener_manager.lds.update_success",
	"listener_manager.lds.update_rejected",
	"cluster_manager.cds.update_rejected",
	"listener_manager.listener_in_place_updated",
	"listener_manager.listener_modified",
	"listener_manager.total_filter_chains_draining",
	"listener.0.0.0.0_15001.downstream_cx_total",
	"listener.0.0.0.0_15001.downstream_cx_destroy",
	"tcp.PassthroughCluster.downstream_cx_total",
	"tcp.PassthroughCluster.idle_timeout",
	"cluster.PassthroughCluster.upstream_cx_total",
	"cluster.PassthroughCluster.upstream_cx_destroy_local",
	"cluster.PassthroughCluster.upstream_cx_destroy_remote",
}

// counts reads the sidecar's counters; nil without a sidecar.
func (p *pod) counts(ctx context.Context) (map[string]int64, error) {
	if p.sidecar == nil {
		return nil, nil
	}
	text, err := p.get(ctx, "http://127.0.0.1:15000/stats")
	if err != nil {
		return nil, fmt.Errorf("reading Envoy's counters of %s: %w", p.object.Name, err)
	}
	return parseCounters(text), nil
}

func parseCounters(text string) map[string]int64 {
	values := map[string]int64{}
	for line := range strings.Lines(text) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
		for _, wanted := range counters {
			if name == wanted {
				if n, err := strconv.ParseInt(value, 10, 64); err == nil {
					values[name] = n
				}
			}
		}
	}
	return values
}

// moved keeps the counters that changed. during may be nil.
func moved(before, during, after map[string]int64) map[string]report.Counter {
	counters := map[string]report.Counter{}
	for name, value := range after {
		if before[name] != value || during[name] != 0 && during[name] != value {
			counters[name] = report.Counter{Before: before[name], During: during[name], After: value}
		}
	}
	return counters
}
