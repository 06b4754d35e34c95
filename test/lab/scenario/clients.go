package scenario

import (
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"time"

	"github.com/holdfast-mesh/holdfast/test/lab/probe"
)

// Addresses of the servers: one that the rules name, and one outside the rules' CIDRs.
var (
	Inside  = netip.MustParseAddr("198.18.100.1")
	Outside = netip.MustParseAddr("198.18.200.1")
	// The same in IPv6.
	Inside6  = netip.MustParseAddr("2001:db8:100::1")
	Outside6 = netip.MustParseAddr("2001:db8:200::1")
)

// Ports of the servers, the usual ones.
const (
	RedisPort     = 6379
	MySQLPort     = 3306
	MemcachedPort = 11211
)

// PodHost stands in a client's address for the scenario's own pod.
const PodHost = "pod"

// giveUp is how long the applications wait for an answer.
const giveUp = 10 * time.Second

func tcp(name string, server netip.Addr, length time.Duration, w Want) Client {
	return Client{Spec: probe.Spec{
		Name: name, Client: "tcp", Address: address(server, RedisPort), For: length, GiveUp: giveUp,
	}, Want: w}
}

// idle asks once, says nothing, and asks again at the end.
func idle(name string, server netip.Addr, length time.Duration, w Want) Client {
	return tcp(name, server, length, w)
}

// busy asks every 3 s.
func busy(name string, server netip.Addr, length time.Duration, w Want) Client {
	c := tcp(name, server, length, w)
	c.Every = 3 * time.Second
	return c
}

// keepalive is idle, with the kernel's keepalive probes on its socket every 5 s.
func keepalive(name string, server netip.Addr, length time.Duration, w Want) Client {
	c := tcp(name, server, length, w)
	c.Keepalive = probeEvery
	return c
}

// query is a MySQL client with one query that runs nearly to the end.
func query(name string, server netip.Addr, length time.Duration, w Want) Client {
	return Client{Spec: probe.Spec{
		Name: name, Client: "mysql", Address: address(server, MySQLPort), For: length, GiveUp: length,
		Statement: fmt.Sprintf("SELECT SLEEP(%d)", int(length.Seconds())-5),
	}, Want: w}
}

// pools are the client libraries, one request every so often. The transaction is mysql again,
// with all requests in one transaction, where the pool cannot help itself with another connection.
func pools(every, length time.Duration, mysql, transaction, redis, memcached Want) []Client {
	pool := func(name, kind string, port int, w Want) Client {
		return Client{Spec: probe.Spec{
			Name: name, Client: kind, Address: address(Inside, port), Every: every, For: length, GiveUp: giveUp,
		}, Want: w}
	}
	held := pool("mysql transaction", "mysql", MySQLPort, transaction)
	held.Hold = true
	return []Client{
		pool("mysql", "mysql", MySQLPort, mysql), held,
		pool("redis", "redis", RedisPort, redis), pool("memcached", "memcached", MemcachedPort, memcached),
	}
}

// late is a client that begins when the change has reached the proxies.
func late(c Client) Client {
	c.Late = true
	return c
}

// to is a client of another server.
func to(host string, port int, c Client) Client {
	c.Address = net.JoinHostPort(host, strconv.Itoa(port))
	return c
}

func address(server netip.Addr, port int) string {
	return netip.AddrPortFrom(server, uint16(port)).String()
}
