package dump

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

func (d *Dump) addBootstrap(w *wireBootstrap) {
	n := &Node{ID: w.Node.ID, Metadata: map[string]string{}}
	for key, value := range w.Node.Metadata {
		var text string
		switch {
		case key == "PROXY_CONFIG":
			var config struct{ DrainDuration string }
			if json.Unmarshal(value, &config, options) == nil {
				n.DrainDuration = config.DrainDuration
			}
		case key == "ANNOTATIONS":
			// A value of another type than a text spoils all: then nothing is known.
			_ = json.Unmarshal(value, &n.Annotations, jsontext.AllowInvalidUTF8(true))
		case json.Unmarshal(value, &text, jsontext.AllowInvalidUTF8(true)) == nil:
			n.Metadata[key] = text
		}
	}
	if v := w.Node.UserAgentBuildVersion.Version; v.MajorNumber != 0 {
		n.Envoy = fmt.Sprintf("%d.%d", v.MajorNumber, v.MinorNumber)
	}
	d.Node = n
}

func (d *Dump) addListener(w *wireListenerState) {
	name := w.Name
	if l := w.ActiveState.Listener; l != nil {
		d.Listeners = append(d.Listeners, l.listener(false))
		name = l.Name
	}
	if l := w.Listener; l != nil {
		d.Listeners = append(d.Listeners, l.listener(true))
	}
	if e := w.ErrorState; e != nil {
		d.Rejected = append(d.Rejected, Rejection{Listener: name, Details: e.Details, Time: e.LastUpdateAttempt})
	}
}

func (w *wireListener) listener(static bool) Listener {
	l := Listener{
		Name: w.Name, Static: static, Direction: w.TrafficDirection, OriginalDestination: w.UseOriginalDst,
		Keepalive: w.TCPKeepalive.keepalive(),
	}
	l.add(w.Address)
	for _, more := range w.AdditionalAddresses {
		l.add(more.Address)
	}
	internal := len(l.Addresses) == 0
	for i := range w.FilterChains {
		l.Chains = append(l.Chains, w.FilterChains[i].chain(internal))
	}
	if w.DefaultFilterChain != nil {
		c := w.DefaultFilterChain.chain(internal)
		c.Default = true
		l.Chains = append(l.Chains, c)
	}
	for _, o := range w.SocketOptions {
		l.SocketOptions = append(l.SocketOptions, SocketOption{int64(o.Level), int64(o.Name), int64(o.IntValue)})
	}
	return l
}

func (l *Listener) add(w wireAddress) {
	if addr, err := netip.ParseAddr(w.SocketAddress.Address); err == nil {
		l.Addresses = append(l.Addresses, netip.AddrPortFrom(addr, w.SocketAddress.PortValue.port()))
	}
}

// chain reads a filter chain, of an internal listener or of another.
func (w *wireChain) chain(internal bool) Chain {
	m := &w.FilterChainMatch
	c := Chain{
		Name: w.Name, Port: m.DestinationPort.port(), Transport: m.TransportProtocol, Protocols: m.ApplicationProtocols,
		Other: m.SourceType != "" && m.SourceType != "ANY" ||
			len(m.ServerNames)+len(m.SourcePrefixRanges)+len(m.DirectSourcePrefixRanges)+len(m.SourcePorts) > 0,
	}
	for _, r := range m.PrefixRanges {
		addr, err := netip.ParseAddr(r.AddressPrefix)
		if prefix := netip.PrefixFrom(addr, int(r.PrefixLen)); err == nil && prefix.IsValid() {
			c.Prefixes = append(c.Prefixes, prefix.Masked())
		}
	}
	for _, f := range w.Filters {
		if filter, ok := readFilter(f.TypedConfig, internal); ok {
			c.Filters = append(c.Filters, filter)
		}
	}
	return c
}

// readFilter reads a filter's configuration, if it is of a kind that matters.
func readFilter(config jsontext.Value, internal bool) (Filter, bool) {
	var typed struct {
		Type    string `json:"@type"`
		TypeURL string
		Value   jsontext.Value
	}
	if len(config) == 0 || json.Unmarshal(config, &typed, options) != nil {
		return Filter{}, false
	}
	if strings.HasSuffix(typed.Type, ".TypedStruct") {
		typed.Type, config = typed.TypeURL, typed.Value
	}
	var kind Kind
	switch _, message, _ := strings.Cut(typed.Type, "envoy.extensions.filters.network."); message {
	case "tcp_proxy.v3.TcpProxy":
		kind = TCPProxy
	case "http_connection_manager.v3.HttpConnectionManager":
		kind = HTTP
	case "set_filter_state.v3.Config":
		kind = FilterState
	default:
		return Filter{}, false
	}
	var w wireFilter
	if json.Unmarshal(config, &w, options) != nil {
		return Filter{}, false
	}
	f := w.filter(kind)
	if w.tunnels(kind, internal) {
		f.Kind = Tunnel
	}
	return f, true
}

// tunnels reports whether a filter opens or takes tunnels. A TCP proxy of another
// listener than an internal one, with a tunnel of its own, is a way to servers like
// any other: a DestinationRule asks for it.
func (w *wireFilter) tunnels(kind Kind, internal bool) bool {
	if kind == TCPProxy {
		return internal && w.TunnelingConfig != nil
	}
	return slices.ContainsFunc(w.UpgradeConfigs, func(u struct{ UpgradeType string }) bool { return u.UpgradeType == "CONNECT" })
}

func (w *wireFilter) filter(kind Kind) Filter {
	f := Filter{Kind: kind, IdleTimeout: duration(w.IdleTimeout), MaxDuration: duration(w.MaxDownstreamConnectionDuration)}
	switch kind {
	case TCPProxy:
		if w.Cluster != "" {
			f.Clusters = []string{w.Cluster}
		}
		for _, c := range w.WeightedClusters.Clusters {
			f.Clusters = append(f.Clusters, c.Name)
		}
	case HTTP:
		f.IdleTimeout = duration(w.CommonHTTPProtocolOptions.IdleTimeout)
		f.MaxDuration = duration(w.CommonHTTPProtocolOptions.MaxConnectionDuration)
	case FilterState:
		f.State = map[string]string{}
		for _, set := range w.OnNewConnection {
			f.State[set.ObjectKey] = set.FormatString.TextFormatSource.InlineString
		}
	}
	return f
}

func (d *Dump) addCluster(w *wireClusterState, static bool) {
	c := &w.Cluster
	d.Clusters[c.Name] = Cluster{
		Static: static, Keepalive: c.UpstreamConnectionOptions.TCPKeepalive.keepalive(),
		Config: c.Metadata.FilterMetadata.Istio.Config,
	}
}

func (w *wireKeepalive) keepalive() *Keepalive {
	if w == nil {
		return nil
	}
	return &Keepalive{w.KeepaliveTime.small(), w.KeepaliveInterval.small(), w.KeepaliveProbes.small()}
}
