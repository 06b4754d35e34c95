package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// served is what istiod has served to a proxy, as Envoy holds it: listeners and clusters as
// JSON, by name.
type served struct {
	Listeners, Clusters map[string][]byte
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

// served reads the proxy's configuration.
func (p *pod) served(ctx context.Context) (*served, error) {
	text, err := p.get(ctx, "http://127.0.0.1:15000/config_dump")
	if err != nil {
		return nil, fmt.Errorf("reading the configuration of %s: %w", p.object.Name, err)
	}
	s, err := parseServed([]byte(text))
	if err != nil {
		return nil, fmt.Errorf("reading the configuration of %s: %w", p.object.Name, err)
	}
	return s, nil
}

func parseServed(text []byte) (*served, error) {
	d := dump{}
	if err := json.Unmarshal(text, &d); err != nil {
		return nil, err
	}
	s := &served{Listeners: map[string][]byte{}, Clusters: map[string][]byte{}}
	var err error
	for _, config := range d.Configs {
		for _, l := range config.Listeners {
			if s.Listeners[l.Name], err = json.Marshal(l.Active.Listener); err != nil {
				return nil, err
			}
		}
		for _, c := range config.Clusters {
			name, _ := c.Cluster["name"].(string)
			if s.Clusters[name], err = json.Marshal(c.Cluster); err != nil {
				return nil, err
			}
		}
	}
	if len(s.Listeners) == 0 || len(s.Clusters) == 0 {
		return nil, fmt.Errorf("got %d listeners and %d clusters, want some of both", len(s.Listeners), len(s.Clusters))
	}
	return s, nil
}

// compare says in what the proxy's configuration differs from an earlier one; "" in nothing.
func (p *pod) compare(ctx context.Context, before *served) (string, error) {
	now, err := p.served(ctx)
	if err != nil {
		return "", err
	}
	return before.difference(now), nil
}

func (s *served) difference(now *served) string {
	for _, kind := range []struct {
		name        string
		before, now map[string][]byte
	}{{"listener", s.Listeners, now.Listeners}, {"cluster", s.Clusters, now.Clusters}} {
		names := maps.Clone(kind.before)
		maps.Copy(names, kind.now)
		for _, name := range slices.Sorted(maps.Keys(names)) {
			if before, now := kind.before[name], kind.now[name]; !bytes.Equal(before, now) {
				return fmt.Sprintf("%s %s: got another one after the change, want the same to the byte: before %s, now %s", kind.name, name, before, now)
			}
		}
	}
	return ""
}
