package mesh

import (
	"time"

	listener "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	tcpproxy "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/tcp_proxy/v3"
)

// NoIdleTimeout stands for a tcp_proxy filter that sets none: Envoy's own
// default of one hour applies.
const NoIdleTimeout = time.Duration(-1)

// IdleTimeouts returns the idle timeout of every tcp_proxy filter of a
// listener, by the name of its filter chain; 0 is an explicit 0s, which
// disables it, NoIdleTimeout an unset one.
func (s *Served) IdleTimeouts(listenerName string) map[string]time.Duration {
	timeouts := map[string]time.Duration{}
	l := s.Listeners[listenerName]
	chains := append([]*listener.FilterChain{l.GetDefaultFilterChain()}, l.GetFilterChains()...)
	for _, chain := range chains {
		for _, filter := range chain.GetFilters() {
			proxy := &tcpproxy.TcpProxy{}
			if filter.GetTypedConfig().UnmarshalTo(proxy) != nil {
				continue // another filter
			}
			if proxy.GetIdleTimeout() == nil {
				timeouts[chain.GetName()] = NoIdleTimeout
				continue
			}
			timeouts[chain.GetName()] = proxy.GetIdleTimeout().AsDuration()
		}
	}
	return timeouts
}
