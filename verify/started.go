package verify

import (
	"fmt"
	"slices"
	"strings"

	"github.com/holdfast-mesh/holdfast/istio"
	"github.com/holdfast-mesh/holdfast/istio/proxyconfig"
	"github.com/holdfast-mesh/holdfast/mesh"
)

// nodeKey is the key of node metadata for a key of proxyMetadata.
func nodeKey(key string) string { return mesh.NodeKey(key) }

// startedWith reports whether the proxy was started with what the annotation says
// for these keys of proxyMetadata, and adds a finding if not.
func (c *checker) startedWith(aspect Aspect, keys []string) bool {
	var lines []string
	code := ProxyHasNoValue
	var beaten, edited bool
	for _, key := range keys {
		asked, _ := c.config.Metadata(key)
		running, has, known := c.metadata(key)
		if !known || has && running == asked {
			continue
		}
		line := fmt.Sprintf("%s: the annotation says %q, the proxy was started without it", key, asked)
		if has {
			code = ProxyHasOtherValue
			line = fmt.Sprintf("%s: the annotation says %q, the proxy was started with %q", key, asked, running)
		}
		lines = append(lines, line)
		b, e := c.why(key, asked, has)
		beaten, edited = beaten || b, edited || e
	}
	if lines == nil {
		return true
	}
	detail, fix := reasons(beaten, edited)
	c.add(Finding{
		Aspect: aspect, Status: NotInForce, Code: code,
		Detail: strings.Join(lines, "; ") + "; " + detail, Fix: fix,
	})
	return false
}

// why says what may have kept a value from the proxy: a ProxyConfig resource that
// beats the annotation, or an annotation that is younger than the proxy.
//
// Where the pod mounts its annotations, pilot-agent notes them when it starts, and
// only one is left. A resource adds and replaces keys, it takes none away.
func (c *checker) why(key, asked string, has bool) (beaten, edited bool) {
	if c.Dump.Node.Annotations == nil {
		return has, true
	}
	then, err := proxyconfig.Parse(c.Dump.Node.Annotations[istio.ProxyConfigAnnotation])
	if err != nil {
		return has, true
	}
	value, had := then.Metadata(key)
	same := had && value == asked
	return same, !same
}

const restart = "restart the pod: a proxy reads its annotation only when it starts (kubectl rollout restart of its workload)"

func reasons(beaten, edited bool) (detail, fix string) {
	const proxyConfig = "a ProxyConfig resource with a workload selector beats the annotation"
	const remove = "take the key out of the ProxyConfig resource (kubectl get proxyconfigs -A), then restart the pod"
	switch {
	case beaten && edited:
		return "either the annotation was written after the pod was made, or " + proxyConfig, restart + "; if it stays, " + remove
	case beaten:
		return proxyConfig, remove
	}
	return "the annotation was written after the pod was made", restart
}

// holdfastKeys are the keys that the annotation has for scope: Destinations.
func (c *checker) holdfastKeys() []string {
	keys := slices.DeleteFunc(c.config.MetadataKeys(), func(key string) bool {
		return key != istio.HoldfastMetadata && key != istio.DestinationsIdleTimeoutMetadata &&
			!strings.HasPrefix(key, istio.DestinationsMetadataPrefix)
	})
	slices.Sort(keys)
	return keys
}
