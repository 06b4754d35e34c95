package verify

import (
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/holdfast-mesh/holdfast/istio"
	"github.com/holdfast-mesh/holdfast/mesh"
	"github.com/holdfast-mesh/holdfast/verify/dump"
)

// destinations looks at idleTimeout with scope: Destinations.
func (c *checker) destinations() {
	keys := c.holdfastKeys()
	if _, asked := c.config.Metadata(istio.HoldfastMetadata); !asked {
		if _, has, _ := c.metadata(istio.HoldfastMetadata); has {
			c.add(Finding{Aspect: Destinations, Status: NotAskedFor, Detail: "the annotation no longer asks for it, but the proxy was started with it and keeps it until the pod is restarted"})
		} else {
			c.add(Finding{Aspect: Destinations, Status: NotAskedFor, Detail: "no connection has an idle timeout by its destination"})
		}
		return
	}
	if !c.startedWith(Destinations, keys) {
		return
	}
	s := c.scoped()
	if s.problem != nil {
		c.add(*s.problem)
		return
	}
	if c.Dump.Listeners == nil {
		c.add(Finding{Aspect: Destinations, Status: NotSeen, Detail: "the dump has no listeners"})
		return
	}
	c.filters(s)
}

// scope is what the proxy's metadata says of connections by their destination.
type scope struct {
	patterns []*regexp.Regexp
	timeout  time.Duration
	problem  *Finding // why that has no effect; nil: it has
}

// scoped reads the metadata as the filter does: a pattern that cannot be read
// matches nothing and spoils no other, a timeout that is no integer sets nothing.
func (c *checker) scoped() (s scope) {
	value := func(key string) string {
		text, _, known := c.metadata(key)
		if !known && c.config != nil {
			text, _ = c.config.Metadata(key)
		}
		return text
	}
	fault := func(status Status, code Code, fix, format string, args ...any) scope {
		s.problem = &Finding{Aspect: Destinations, Status: status, Code: code, Detail: fmt.Sprintf(format, args...), Fix: fix}
		return s
	}
	if v := value(istio.HoldfastMetadata); v != istio.HoldfastVersion {
		return fault(NotSeen, OtherVersion, "use the holdfast that made this pod", "got %s=%q, and this holdfast knows %q only", istio.HoldfastMetadata, v, istio.HoldfastVersion)
	}
	for i := 1; i <= istio.MaxDestinationKeys; i++ {
		key := istio.DestinationsMetadataPrefix + strconv.Itoa(i)
		text := value(key)
		if text == "" {
			continue
		}
		pattern, err := regexp.Compile(text)
		if err != nil {
			return fault(NotInForce, ValueIgnored, "let holdfast write the key: take it out of the pod template, then restart the pod",
				"%s=%q is no regular expression, and its destinations have no timeout of their own: %v", key, text, err)
		}
		s.patterns = append(s.patterns, pattern)
	}
	key := istio.DestinationsIdleTimeoutMetadata
	milliseconds, err := strconv.ParseUint(value(key), 10, 63)
	switch {
	case err != nil:
		return fault(NotInForce, ValueIgnored, "let holdfast write the key: take it out of the pod template, then restart the pod",
			"got %s=%q, want a number of milliseconds: Envoy ignores it in silence", key, value(key))
	case milliseconds == 0:
		return fault(NotInForce, ValueIgnored, "write "+istio.NoTimeoutMilliseconds+" for no timeout, then restart the pod",
			"got %s=0: Envoy closes these connections as soon as they are open", key)
	case len(s.patterns) == 0:
		return fault(NotInForce, ValueIgnored, "let holdfast write the keys: take them out of the pod template, then restart the pod",
			"there is no pattern in %s1 to %d: no connection is meant", istio.DestinationsMetadataPrefix, istio.MaxDestinationKeys)
	}
	s.timeout = time.Duration(min(milliseconds, math.MaxInt64/uint64(time.Millisecond))) * time.Millisecond
	return s
}

// reads reports whether a filter's value is holdfast's expression, and sets
// whether it sets the timeout of a connection at all.
func reads(f *dump.Filter) (ours, sets bool) {
	format, sets := f.State[mesh.TimeoutState]
	return strings.Contains(format, nodeKey(istio.DestinationsIdleTimeoutMetadata)), sets
}

// state finds the filter that has the last word on a chain's timeout.
func state(chain *dump.Chain) (ours, sets bool) {
	for i := range chain.Filters {
		f := &chain.Filters[i]
		if f.Kind != dump.FilterState {
			break // those behind the TCP proxy come too late
		}
		if o, s := reads(f); s {
			ours, sets = o, true
		}
	}
	return ours, sets
}

// filters looks for the filter before every outbound TCP proxy.
func (c *checker) filters(s scope) {
	places := map[string][]string{}
	total := 0
	for at := range c.Dump.Carriers() {
		if at.Filter.Kind != dump.TCPProxy || at.Direction != "OUTBOUND" {
			continue
		}
		total++
		switch ours, sets := state(at.Chain); {
		case ours:
		case sets:
			places["overridden"] = append(places["overridden"], at.Place())
		default:
			places["missing"] = append(places["missing"], at.Place())
		}
	}
	for _, kind := range slices.Sorted(maps.Keys(places)) {
		f := Finding{
			Aspect: Destinations, Status: Overridden, Code: FilterOverridden, Where: places[kind],
			Detail: fmt.Sprintf("another filter sets %s on %d of %d outbound TCP chains", mesh.TimeoutState, len(places[kind]), total),
			Fix:    "find the EnvoyFilter that adds it (kubectl get envoyfilters -A), and let it leave this pod alone",
		}
		if kind == "missing" {
			f = c.filterMissing(places[kind], total)
		}
		c.add(f)
	}
	if len(places) == 0 {
		c.add(Finding{Aspect: Destinations, Status: InForce, Detail: fmt.Sprintf(
			"%s for connections that a pattern matches (%d of them); the filter stands before each of %d outbound TCP proxies", sayTimeout(&s.timeout), len(s.patterns), total)})
	}
}

func (c *checker) filterMissing(where []string, total int) Finding {
	f := Finding{Aspect: Destinations, Status: NotInForce, Code: FilterMissing, Where: where}
	f.Detail = fmt.Sprintf("the filter that reads the patterns is missing before %d of %d outbound TCP proxies: connections there have the sidecar's own timeout", len(where), total)
	if version := c.report.Istio; tooOld(version) {
		f.Code = IstioTooOld
		f.Detail += fmt.Sprintf("; the proxy is of Istio %s, and its Envoy does not know the filter", version)
		f.Fix = "upgrade the proxy to Istio 1.28 or newer, or use scope: Sidecar"
		return f
	}
	switch {
	case len(c.Dump.Rejected) > 0:
		f.Fix = "see updates below: while Envoy refuses them, it does not learn of the filter"
	case len(where) < total:
		f.Fix = "an EnvoyFilter of somebody else adds or replaces these chains after holdfast's (kubectl get envoyfilters -A)"
	default:
		f.Fix = "apply " + istio.DestinationsObject + " in Istio's root namespace: holdfast render -f RULES | kubectl apply -f -"
	}
	return f
}

// tooOld reports whether an Istio is known to be older than 1.28.
func tooOld(version string) bool {
	major, rest, _ := strings.Cut(version, ".")
	minor, _, _ := strings.Cut(rest, ".")
	n, err := strconv.Atoi(minor)
	return major == "1" && err == nil && n < 28
}
