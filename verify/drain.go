package verify

import (
	"fmt"
	"time"

	"github.com/holdfast-mesh/holdfast/istio"
	"github.com/holdfast-mesh/holdfast/istio/proxyconfig"
)

// istioDrain is Istio's default drainDuration.
// Source: https://istio.io/latest/docs/reference/config/istio.mesh.v1alpha1/#ProxyConfig
const istioDrain = 45 * time.Second

// drainDuration looks at how long connections outlive a change of a listener.
func (c *checker) drainDuration() {
	text, ok := c.config.Field(proxyconfig.DrainDuration)
	running, seen := c.drain()
	if !ok {
		detail := "what holds instead was not to be seen; Istio's default is 45s"
		if seen != "" {
			detail = istio.FormatDuration(running) + " holds (" + seen + ")"
		}
		c.add(Finding{Aspect: DrainDuration, Status: NotAskedFor, Detail: detail})
		return
	}
	asked, _ := time.ParseDuration(text) // Istio takes no other, and so neither does proxyconfig
	switch {
	case seen == "":
		c.add(Finding{Aspect: DrainDuration, Status: NotSeen, Detail: "neither Envoy's command line nor the proxy's own account of its start is there"})
	case running != asked:
		detail, fix := reasons(false, true) // a ProxyConfig resource has no such field
		c.add(Finding{
			Aspect: DrainDuration, Status: NotInForce, Code: ProxyHasOtherValue,
			Detail: fmt.Sprintf("the annotation says %s, %s holds (%s); %s", istio.FormatDuration(asked), istio.FormatDuration(running), seen, detail),
			Fix:    fix,
		})
	case c.Server == nil:
		c.add(Finding{
			Aspect: DrainDuration, Status: NotSeen,
			Detail: fmt.Sprintf("the proxy was told %s when it started, which is a weaker sign than Envoy's command line", istio.FormatDuration(asked)),
			Fix:    "give --server-info FILE, from GET /server_info of the admin port",
		})
	default:
		c.add(Finding{Aspect: DrainDuration, Status: InForce, Detail: fmt.Sprintf(
			"%s on Envoy's command line: so long do open connections outlive a change of their listener", istio.FormatDuration(asked))})
	}
}

// drain is how long open connections outlive a change, and where that was seen;
// nowhere if that is empty.
func (c *checker) drain() (time.Duration, string) {
	if c.Server != nil {
		return c.Server.DrainTime, "Envoy's command line"
	}
	if n := c.Dump.Node; n != nil {
		if d, err := time.ParseDuration(n.DrainDuration); err == nil {
			return d, "what the proxy was told when it started"
		}
	}
	return 0, ""
}
