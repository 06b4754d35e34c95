package envoy

import (
	"strconv"
	"strings"

	"github.com/holdfast-mesh/holdfast/test/lab/report"
)

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

// ParseCounters reads the answer of /stats, of which only the counters that this package knows are kept.
func ParseCounters(text string) map[string]int64 {
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

// Moved keeps the counters that changed. during may be nil.
func Moved(before, during, after map[string]int64) map[string]report.Counter {
	counters := map[string]report.Counter{}
	for name, value := range after {
		if before[name] != value || during[name] != 0 && during[name] != value {
			counters[name] = report.Counter{Before: before[name], During: during[name], After: value}
		}
	}
	return counters
}
