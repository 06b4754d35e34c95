package netns

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"time"
)

// Network is the lab's network: pods behind routers, and one namespace with the servers
// outside the mesh.
//
//	pod ── router ─┬─ servers
//	pod ── router ─┘
//
// A router either forwards everything, or it is a middlebox that forgets idle connections.
type Network struct {
	// Servers is where the middleware runs.
	Servers *Namespace

	mu      sync.Mutex
	routers map[time.Duration]*router
}

type router struct {
	ns    *Namespace
	index int
	pods  int
}

// Pod is a pod's place in the network.
type Pod struct {
	*Namespace
	// Address is the pod's IP address.
	Address netip.Addr
}

// Limits of the address plan. Router r has 198.18.r.0/30 towards the servers, and its pods
// are /30 networks inside 198.19.(32r).0/19. In IPv6, of which 2001:db8::/32 is reserved for
// documentation (RFC 3849), it has 2001:db8:18:r::/64, and its pods are /64 networks inside
// 2001:db8:190r::/48.
const (
	maxRouters = 8
	maxPods    = 2048
)

// New makes the namespace of the servers, with these addresses (each becomes a network of one
// there).
func New(ctx context.Context, servers ...netip.Addr) (*Network, error) {
	ns, err := create(ctx, "servers")
	if err != nil {
		return nil, err
	}
	for _, address := range servers {
		if err := ip(ctx, fmt.Sprintf("-n %s addr add %s dev lo%s", ns.Name, netip.PrefixFrom(address, address.BitLen()), options(address))); err != nil {
			return nil, err
		}
	}
	// Pods reach one another through it, too.
	if err := ns.forward(); err != nil {
		return nil, err
	}
	return &Network{Servers: ns, routers: map[time.Duration]*router{}}, nil
}

// options are what "ip addr add" needs besides the address: an IPv6 one is at once there, with
// no search for another machine that has it.
func options(address netip.Addr) string {
	if address.Is6() {
		return " nodad"
	}
	return ""
}

// forward makes the namespace a router.
func (ns *Namespace) forward() error {
	return errors.Join(ns.sysctl("ipv4.ip_forward", "1"), ns.sysctl("ipv6.conf.all.forwarding", "1"))
}

// AddPod makes a namespace for a pod, with an address of IPv4, or with one of IPv6 only. Its
// way to the servers leads through a router that forgets connections after forget without a
// packet; 0: one that forgets nothing. The router forgets connections of IPv4 only.
func (n *Network) AddPod(ctx context.Context, name string, forget time.Duration, ipv6 bool) (*Pod, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	r := n.routers[forget]
	if r == nil {
		var err error
		if r, err = n.addRouter(ctx, forget); err != nil {
			return nil, err
		}
		n.routers[forget] = r
	}
	if r.pods == maxPods {
		return nil, fmt.Errorf("pod %s: got pod %d behind one router, want at most %d", name, r.pods+1, maxPods)
	}
	ns, err := create(ctx, name)
	if err != nil {
		return nil, err
	}
	offset := r.pods * 4
	gateway, family, bits := netip.AddrFrom4([4]byte{198, 19, byte(r.index*32 + offset/256), byte(offset%256 + 1)}), "", 30
	if ipv6 {
		gateway, family, bits = netip.AddrFrom16([16]byte{0x20, 1, 0xd, 0xb8, 0x19, byte(r.index), byte(r.pods >> 8), byte(r.pods), 15: 1}), " -6", 64
	}
	pod := &Pod{Namespace: ns, Address: gateway.Next()}
	r.pods++
	// A veth pair is made inside the two namespaces: the machine's own never has an end of it.
	inside := fmt.Sprintf("pod%d", r.pods)
	return pod, ip(ctx,
		fmt.Sprintf("-n %s link add %s type veth peer name eth0 netns %s", r.ns.Name, inside, ns.Name),
		fmt.Sprintf("-n %s addr add %s dev %s%s", r.ns.Name, netip.PrefixFrom(gateway, bits), inside, options(gateway)),
		fmt.Sprintf("-n %s link set %s up", r.ns.Name, inside),
		fmt.Sprintf("-n %s addr add %s dev eth0%s", ns.Name, netip.PrefixFrom(pod.Address, bits), options(gateway)),
		fmt.Sprintf("-n %s link set eth0 up", ns.Name),
		fmt.Sprintf("-n %s%s route add default via %s", ns.Name, family, gateway),
	)
}

// Silence makes the servers dead for a pod: whatever they would answer vanishes, as when
// their machine has lost its power. Nothing tells the pod.
func (n *Network) Silence(ctx context.Context, pod *Pod) error {
	return ip(ctx, fmt.Sprintf("-n %s route add blackhole %s/32", n.Servers.Name, pod.Address))
}

func (n *Network) addRouter(ctx context.Context, forget time.Duration) (*router, error) {
	index := len(n.routers)
	if index == maxRouters {
		return nil, fmt.Errorf("got %d kinds of router, want at most %d", index+1, maxRouters)
	}
	name := "router"
	if forget > 0 {
		name = "forgets-" + forget.String()
	}
	ns, err := create(ctx, name)
	if err != nil {
		return nil, err
	}
	near := netip.AddrFrom4([4]byte{198, 18, byte(index), 1})
	near6 := netip.AddrFrom16([16]byte{0x20, 1, 0xd, 0xb8, 0, 0x18, 0, byte(index), 15: 1})
	far, far6 := near.Next(), near6.Next()
	toRouter := fmt.Sprintf("router%d", index)
	err = ip(ctx,
		fmt.Sprintf("-n %s link add eth0 type veth peer name %s netns %s", ns.Name, toRouter, n.Servers.Name),
		fmt.Sprintf("-n %s addr add %s/30 dev eth0", ns.Name, near),
		fmt.Sprintf("-n %s addr add %s/64 dev eth0 nodad", ns.Name, near6),
		fmt.Sprintf("-n %s link set eth0 up", ns.Name),
		fmt.Sprintf("-n %s addr add %s/30 dev %s", n.Servers.Name, far, toRouter),
		fmt.Sprintf("-n %s addr add %s/64 dev %s nodad", n.Servers.Name, far6, toRouter),
		fmt.Sprintf("-n %s link set %s up", n.Servers.Name, toRouter),
		fmt.Sprintf("-n %s route add 198.19.%d.0/19 via %s", n.Servers.Name, index*32, near),
		fmt.Sprintf("-n %s route add default via %s", ns.Name, far),
		fmt.Sprintf("-n %s -6 route add 2001:db8:19%02x::/48 via %s", n.Servers.Name, index, near6),
		fmt.Sprintf("-n %s -6 route add default via %s", ns.Name, far6),
	)
	if err != nil {
		return nil, err
	}
	if err := ns.forward(); err != nil {
		return nil, err
	}
	if forget > 0 {
		err = ns.forget(ctx, forget)
	}
	return &router{ns: ns, index: index}, err
}
