package main

import (
	"context"
	"fmt"
	"net/netip"
	"os/exec"
	"strconv"
	"strings"

	"github.com/holdfast-mesh/holdfast/test/lab/report"
	"github.com/holdfast-mesh/holdfast/test/lab/scenario"
)

// sockets is what a person would see who looks into the pod's network.
func (p *pod) sockets(ctx context.Context, s *scenario.Scenario) ([]report.Socket, error) {
	var out []byte
	err := p.Do(func() (err error) {
		out, err = exec.CommandContext(ctx, "ss", "-Htnoe", "state", "established").Output()
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("ss: %w", err)
	}
	var sockets []report.Socket
	for line := range strings.Lines(string(out)) {
		if socket := parseSocket(line, s.IsProxy()); !onLoopback(socket) {
			sockets = append(sockets, socket)
		}
	}
	return sockets, nil
}

// parseSocket reads a line of ss -toe. The applications run as root, of which ss says
// nothing, the proxy as a user of its own. What -e adds besides the user is left out.
func parseSocket(line string, gateway bool) report.Socket {
	socket := report.Socket{Owner: "application"}
	var shown []string
	for _, field := range strings.Fields(line) {
		key, value, _ := strings.Cut(field, ":")
		switch {
		case key == "uid" && value == strconv.Itoa(proxyUID) && gateway:
			socket.Owner = "gateway"
		case key == "uid" && value == strconv.Itoa(proxyUID):
			socket.Owner = "sidecar"
		case len(shown) < 4 || key == "timer":
			shown = append(shown, field)
		}
	}
	socket.Line = strings.Join(shown, " ")
	return socket
}

// onLoopback reports whether a connection does not leave the pod: those inside the sidecar, and
// the one to istiod.
func onLoopback(socket report.Socket) bool {
	peer, err := netip.ParseAddrPort(ends(socket)[1])
	return err == nil && peer.Addr().IsLoopback()
}

// ends are the socket's own address and the other side's, as ss writes them.
func ends(socket report.Socket) [2]string {
	fields := strings.Fields(socket.Line)
	if len(fields) < 4 {
		return [2]string{}
	}
	return [2]string{fields[2], fields[3]}
}

// checkProbes holds the sockets against the strategy: keepalive must run on those of the
// proxy that lead to the other side, or it must not.
func checkProbes(s *scenario.Scenario, sockets []report.Socket) string {
	found := 0
	for _, socket := range sockets {
		if !towardsOthers(s, socket) {
			continue
		}
		found++
		if socket.Probed() != s.Probed {
			return fmt.Sprintf("keepalive on the %s's own socket: got %t, want %t: %s", socket.Owner, socket.Probed(), s.Probed, socket.Line)
		}
	}
	if s.Probed && found == 0 {
		return fmt.Sprintf("got no socket of the proxy with a keepalive timer among %d", len(sockets))
	}
	return ""
}

// towardsOthers reports whether a socket is the proxy's side of a connection to the servers,
// or for a gateway to a client.
func towardsOthers(s *scenario.Scenario, socket report.Socket) bool {
	local, peer := ends(socket)[0], ends(socket)[1]
	switch socket.Owner {
	case "gateway":
		return strings.HasSuffix(local, ":"+strconv.Itoa(scenario.RedisPort))
	case "sidecar":
		return strings.HasPrefix(peer, scenario.Inside.String()+":") || strings.HasPrefix(peer, scenario.Outside.String()+":")
	}
	return false
}
