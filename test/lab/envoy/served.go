// Package envoy reads what a proxy's admin port tells: its configuration and its counters.
package envoy

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// Served is what istiod has served to a proxy, as Envoy holds it: listeners and clusters as
// JSON, by name.
type Served struct {
	listeners, clusters map[string][]byte
}

// dump is the part of Envoy's /config_dump that holds them. Versions and times, which every
// push renews, are left out.
// https://www.envoyproxy.io/docs/envoy/latest/api-v3/admin/v3/config_dump_shared.proto
type dump struct {
	Configs []struct {
		Listeners []struct {
			Name   string
			Active struct{ Listener any } `json:"active_state"`
		} `json:"dynamic_listeners"`
		Clusters []struct{ Cluster map[string]any } `json:"dynamic_active_clusters"`
	}
}

// ParseServed reads a config dump.
func ParseServed(text []byte) (*Served, error) {
	d := dump{}
	if err := json.Unmarshal(text, &d); err != nil {
		return nil, err
	}
	s := &Served{listeners: map[string][]byte{}, clusters: map[string][]byte{}}
	var err error
	for _, config := range d.Configs {
		for _, l := range config.Listeners {
			if s.listeners[l.Name], err = json.Marshal(l.Active.Listener); err != nil {
				return nil, err
			}
		}
		for _, c := range config.Clusters {
			name, _ := c.Cluster["name"].(string)
			if s.clusters[name], err = json.Marshal(c.Cluster); err != nil {
				return nil, err
			}
		}
	}
	if len(s.listeners) == 0 || len(s.clusters) == 0 {
		return nil, fmt.Errorf("got %d listeners and %d clusters, want some of both", len(s.listeners), len(s.clusters))
	}
	return s, nil
}

// Difference says in what a later configuration differs; "" in nothing.
func (s *Served) Difference(now *Served) string {
	for _, kind := range []struct {
		name        string
		before, now map[string][]byte
	}{{"listener", s.listeners, now.listeners}, {"cluster", s.clusters, now.clusters}} {
		names := maps.Clone(kind.before)
		maps.Copy(names, kind.now)
		for _, name := range slices.Sorted(maps.Keys(names)) {
			if before, now := kind.before[name], kind.now[name]; !bytes.Equal(before, now) {
				from := firstDifference(before, now)
				return fmt.Sprintf("%s %s: got another one after the change, want the same to the byte: before ...%s..., now ...%s...",
					kind.name, name, excerpt(before, from), excerpt(now, from))
			}
		}
	}
	return ""
}

func firstDifference(a, b []byte) int {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return i
		}
	}
	return min(len(a), len(b))
}

// excerpt is what stands around a place, short enough for a line.
func excerpt(text []byte, at int) []byte {
	return text[max(0, at-40):min(len(text), at+120)]
}
