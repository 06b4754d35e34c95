package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/holdfast-mesh/holdfast/test/lab/envoy"
	"github.com/holdfast-mesh/holdfast/test/lab/machine"
	"github.com/holdfast-mesh/holdfast/test/lab/scenario"
)

// get fetches a path from a port of the pod's loopback, on which Envoy listens in the pod's
// own family of addresses.
func (p *pod) get(ctx context.Context, port int, path string) (string, error) {
	host := "127.0.0.1"
	if p.Address.Is6() {
		host = "::1"
	}
	url := "http://" + net.JoinHostPort(host, strconv.Itoa(port)) + path
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

// counts reads the sidecar's counters; nil without a sidecar.
func (p *pod) counts(ctx context.Context) (map[string]int64, error) {
	if p.sidecar == nil {
		return nil, nil
	}
	text, err := p.get(ctx, 15000, "/stats")
	if err != nil {
		return nil, fmt.Errorf("reading Envoy's counters of %s: %w", p.object.Name, err)
	}
	return envoy.ParseCounters(text), nil
}

// served reads the proxy's configuration.
func (p *pod) served(ctx context.Context) (*envoy.Served, error) {
	text, err := p.get(ctx, 15000, "/config_dump")
	if err != nil {
		return nil, fmt.Errorf("reading the configuration of %s: %w", p.object.Name, err)
	}
	s, err := envoy.ParseServed([]byte(text))
	if err != nil {
		return nil, fmt.Errorf("reading the configuration of %s: %w", p.object.Name, err)
	}
	return s, nil
}

// awaitRoute waits until a waypoint carries the service of its scenario: it is ready before.
func (p *pod) awaitRoute(ctx context.Context) error {
	return p.sidecar.Until(ctx, machine.WaitLong, func(ctx context.Context) error {
		text, err := p.get(ctx, 15000, "/config_dump?name_regex=main_internal")
		if err == nil && !strings.Contains(text, scenario.RedisHost) {
			err = fmt.Errorf("it has no route to %s", scenario.RedisHost)
		}
		return err
	})
}

// awaitModified waits until the proxy has listeners or clusters that it did not have before.
func (p *pod) awaitModified(ctx context.Context, before map[string]int64) error {
	ctx, cancel := context.WithTimeout(ctx, machine.WaitLong)
	defer cancel()
	for {
		now, err := p.counts(ctx)
		if err != nil {
			return err
		}
		if envoy.Modified(before, now) {
			return nil
		}
		if err := wait(ctx, 200*time.Millisecond); err != nil {
			return fmt.Errorf("waiting for another configuration of the proxy: %w", err)
		}
	}
}
