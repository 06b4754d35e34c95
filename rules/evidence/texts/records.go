package texts

import (
	"strings"

	"github.com/holdfast-mesh/holdfast/rules/evidence/form"
	"github.com/holdfast-mesh/holdfast/rules/evidence/vocabulary"
)

// records reads names of SRV records, as Thanos, Cortex, Loki and Mimir have them for
// caches: "dnssrv+_memcached._tcp.cache.svc". The port is in the record; which middleware
// it is, the text says in another place.
// Source: https://thanos.io/tip/thanos/service-discovery.md/#dns-service-discovery
func (r *Reader) records(value string) {
	const prefix = "dnssrv"
	kind, asked := "", false
	for rest := value; !r.Sink.Full(); {
		i := strings.Index(rest, prefix)
		if i < 0 {
			return
		}
		rest = strings.TrimPrefix(rest[i+len(prefix):], "noa")
		if !strings.HasPrefix(rest, "+") {
			continue
		}
		if !asked {
			kind, asked = cacheIn(value), true
		}
		rest = rest[1:]
		end := 0
		for end < len(rest) && end <= maxName && isNameByte(rest[end]) {
			end++
		}
		f, ok := parseHost(rest[:end])
		if !ok || kind == "" {
			continue
		}
		f.Kind, f.Port, f.Form = kind, vocabulary.Kind(kind).Port, form.Records
		r.add(f)
	}
}

// cacheIn says which cache a text is about: these programs know two.
func cacheIn(text string) string {
	text = strings.ToLower(text)
	memcached, redis := strings.Index(text, "memcached"), strings.Index(text, "redis")
	switch {
	case memcached >= 0 && (redis < 0 || memcached < redis):
		return "memcached"
	case redis >= 0:
		return "redis"
	}
	return ""
}
