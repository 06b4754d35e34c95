package scenario

import (
	"net/netip"
	"time"

	"github.com/holdfast-mesh/holdfast/test/lab/probe"
	"github.com/holdfast-mesh/holdfast/test/lab/report"
)

// scopeScenarios: which connections "scope: Destinations" reaches. The mesh's own timeout
// stays in force for everything else.
func scopeScenarios() []Scenario {
	const length = 25 * time.Second
	in, out := idle("inside the CIDR", Inside, length, lives()), idle("outside the CIDR", Outside, length, cutWhenIdle(MeshIdle))
	scoped := func(name, title, rule, objects string, clients ...Client) Scenario {
		return Scenario{
			Name: name, Title: title, Group: report.Scope, Rule: rule, Annotated: withDestinations, Objects: objects, Clients: clients,
		}
	}
	unknown := scoped("idle-destinations", "idleTimeout, Destinations", destinations, "", in, out, memcached("another port", Inside, length, cutWhenIdle(MeshIdle)))
	unknown.Group = report.Idle
	beaten := scoped("filter-timeout", "idleTimeout: 48h; a filter of the operator", idleTimeout, operatorFilter, idle("redis", Inside, length, cutWhenIdle(operatorIdle)))
	beaten.Annotated, beaten.Idle = withIdleTimeout, operatorIdle
	filtered := scoped("filter-destinations", "Destinations; a filter of the operator", destinations, operatorFilter, in, idle("outside the CIDR", Outside, length, cutWhenIdle(operatorIdle)))
	filtered.Idle = operatorIdle
	ipv6 := scoped("scope-ipv6", "IPv6", ipv6Destinations, "", idle("inside the CIDR", Inside6, length, lives()), idle("outside the CIDR", Outside6, length, cutWhenIdle(MeshIdle)))
	ipv6.IPv6 = true
	return []Scenario{
		unknown,
		// The mesh gives a known service a listener of its own, on its address.
		scoped("scope-address", "a ServiceEntry with the address", destinations, knownAddress, in, out),
		// Listener 0.0.0.0_6379, for whatever address.
		scoped("scope-wildcard", "a ServiceEntry of a wildcard", destinations, knownWildcard, in, out),
		// Nothing comes from the client before the server has spoken.
		scoped("scope-mysql", "MySQL, which speaks first", mysqlDestinations, "",
			mysql("inside the CIDR", Inside, length, lives()), mysql("outside the CIDR", Outside, length, loses(1, 0))),
		scoped("scope-two-rules", "two rules", destinations+"---"+otherDestinations, "",
			in, memcached("the other rule's port and CIDR", Outside, length, lives()),
			out, memcached("one's CIDR, the other's port", Inside, length, cutWhenIdle(MeshIdle))),
		ipv6, beaten, filtered,
	}
}

// memcached is a raw client of memcached.
func memcached(name string, server netip.Addr, length time.Duration, w Want) Client {
	c := to(server.String(), MemcachedPort, idle(name, server, length, w))
	c.Send = "version"
	return c
}

// mysql is a pool with a request at the start and one at the end.
func mysql(name string, server netip.Addr, length time.Duration, w Want) Client {
	return Client{Spec: probe.Spec{Name: name, Client: "mysql", Address: address(server, MySQLPort), For: length, GiveUp: giveUp}, Want: w}
}
