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
	in := idle("inside the CIDR", Inside, length, lives())
	out := idle("outside the CIDR", Outside, length, cutWhenIdle(MeshIdle))
	cutByOperator := cutWhenIdle(operatorIdle)
	return []Scenario{
		{
			Name: "idle-destinations", Title: "idleTimeout, Destinations", Group: report.Idle,
			Rule: destinations, Annotated: withDestinations,
			Clients: []Client{in, out, memcached("another port", Inside, length, cutWhenIdle(MeshIdle))},
		},
		{
			// The mesh gives a known service a listener of its own, on its address.
			Name: "scope-address", Title: "a ServiceEntry with the address", Group: report.Scope,
			Rule: destinations, Annotated: withDestinations, Objects: knownAddress,
			Clients: []Client{in, out},
		},
		{
			// Listener 0.0.0.0_6379, for whatever address.
			Name: "scope-wildcard", Title: "a ServiceEntry of a wildcard", Group: report.Scope,
			Rule: destinations, Annotated: withDestinations, Objects: knownWildcard,
			Clients: []Client{in, out},
		},
		{
			// Nothing comes from the client before the server has spoken.
			Name: "scope-mysql", Title: "MySQL, which speaks first", Group: report.Scope,
			Rule: mysqlDestinations, Annotated: withDestinations,
			Clients: []Client{
				mysql("inside the CIDR", Inside, length, lives()),
				mysql("outside the CIDR", Outside, length, loses(1, 0)),
			},
		},
		{
			Name: "scope-two-rules", Title: "two rules", Group: report.Scope,
			Rule: destinations + "---" + otherDestinations, Annotated: withDestinations,
			Clients: []Client{
				in, memcached("the other rule's port and CIDR", Outside, length, lives()),
				out, memcached("one's CIDR, the other's port", Inside, length, cutWhenIdle(MeshIdle)),
			},
		},
		{
			Name: "scope-ipv6", Title: "IPv6", Group: report.Scope, IPv6: true,
			Rule: ipv6Destinations, Annotated: withDestinations,
			Clients: []Client{
				idle("inside the CIDR", Inside6, length, lives()),
				idle("outside the CIDR", Outside6, length, cutWhenIdle(MeshIdle)),
			},
		},
		{
			Name: "filter-timeout", Title: "idleTimeout: 48h; a filter of the operator", Group: report.Scope,
			Rule: idleTimeout, Annotated: withIdleTimeout, Objects: operatorFilter, Idle: operatorIdle, Fault: "TimeoutOverridden",
			Clients: []Client{idle("redis", Inside, length, cutByOperator)},
		},
		{
			Name: "filter-destinations", Title: "Destinations; a filter of the operator", Group: report.Scope,
			Rule: destinations, Annotated: withDestinations, Objects: operatorFilter, Idle: operatorIdle,
			Clients: []Client{in, idle("outside the CIDR", Outside, length, cutByOperator)},
		},
		edited("edit-destinations", "idleTimeout, Destinations", Scenario{Rule: destinations, Annotated: withDestinations}),
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
