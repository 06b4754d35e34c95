package dump

import (
	"net/netip"
	"time"
)

// Dump is what is kept of a config dump.
type Dump struct {
	// Node is who the proxy says it is; nil without a bootstrap section.
	Node *Node
	// Listeners are the static and the active ones; nil without that section.
	Listeners []Listener
	// Clusters by name; nil without that section.
	Clusters map[string]Cluster
	// Rejected are updates of listeners that Envoy refused. It does not show
	// refused clusters in a dump.
	Rejected []Rejection
	// Unread names elements that are not as Envoy writes them.
	Unread []string
}

// Node is the proxy's own account of itself, made when it started.
type Node struct {
	// ID is Istio's: "sidecar~10.0.0.1~cart-1.shop~shop.svc.cluster.local".
	ID string
	// Metadata holds those values that are texts.
	Metadata map[string]string
	// Annotations are the pod's when the proxy started; nil where the pod does
	// not mount them.
	Annotations map[string]string
	// DrainDuration is that of the ProxyConfig it was started with, "43200s".
	DrainDuration string
	// Envoy is its version, "1.40".
	Envoy string
}

// Listener is one place where Envoy takes connections.
type Listener struct {
	Name string
	// Addresses are all that it is bound to; none for internal listeners.
	Addresses []netip.AddrPort
	// Static: from the bootstrap, for the proxy's own needs.
	Static bool
	// Direction is OUTBOUND, INBOUND or empty.
	Direction string
	// OriginalDestination: it hands each connection to the listener of the
	// address that was dialled, if there is one.
	OriginalDestination bool
	// Chains in order; the default one is last.
	Chains        []Chain
	SocketOptions []SocketOption
	// Keepalive is Listener.tcp_keepalive; nil if not set.
	Keepalive *Keepalive
}

// Chain is what a listener does with some connections.
type Chain struct {
	Name string
	// Default: for connections that no other chain matches.
	Default bool
	// Port and Prefixes narrow the destination; 0 and none: any.
	Port     uint16
	Prefixes []netip.Prefix
	// Transport is "tls", "raw_buffer" or empty for any.
	Transport string
	// Protocols are ALPN names; none: any.
	Protocols []string
	// Other says that it is narrowed in further ways, such as by source.
	Other   bool
	Filters []Filter
}

// Kind is what a network filter does.
type Kind string

// The kinds that matter here.
const (
	TCPProxy Kind = "tcp"
	HTTP     Kind = "http"
	// Tunnel is a TCP proxy or an HTTP connection manager whose connections are
	// those of HBONE tunnels, with other connections inside.
	Tunnel Kind = "tunnel"
	// FilterState sets values that later filters read.
	FilterState Kind = "state"
)

// Filter is a network filter of one of the kinds; others are not kept.
type Filter struct {
	Kind Kind
	// IdleTimeout is nil where none is set: Envoy's default of one hour holds.
	// Zero is no timeout.
	IdleTimeout *time.Duration
	// MaxDuration ends a connection of that age, whatever it does; nil: none.
	MaxDuration *time.Duration
	// Clusters are where a TCP proxy connects to.
	Clusters []string
	// State is what a FilterState sets on a new connection: key to format.
	State map[string]string
}

// SocketOption is one setting as for setsockopt.
type SocketOption struct{ Level, Name, Value int64 }

// Keepalive are the settings of TCP keepalive in seconds and probes; 0 is the
// kernel's own value.
type Keepalive struct{ Time, Interval, Probes uint32 }

// Cluster is where connections are opened to.
type Cluster struct {
	Static bool
	// Keepalive is nil where connections have none.
	Keepalive *Keepalive
	// Config is the path of the DestinationRule that shaped it, as istiod notes
	// it: "/apis/networking.istio.io/v1/namespaces/shop/destination-rule/redis".
	Config string
}

// Rejection is an update of a listener that Envoy refused; what it had before is
// still in force.
type Rejection struct {
	Listener string
	Details  string // in Envoy's words
	Time     string // of the last attempt, RFC 3339
}

// ServerInfo is what is kept of /server_info.
type ServerInfo struct {
	// DrainTime is from Envoy's command line.
	DrainTime time.Duration
	// Node is the ID of the proxy's Node.
	Node string
}
