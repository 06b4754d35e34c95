package main

import (
	"encoding/json"
	"reflect"

	"github.com/invopop/jsonschema"

	"github.com/holdfast-mesh/holdfast/rules"
	"github.com/holdfast-mesh/holdfast/rules/load"
	"github.com/holdfast-mesh/holdfast/rules/load/internal/wire"
)

// Patterns of values. They tell apart what an editor can tell apart; the
// loader checks the rest (zeros that IPv6 leaves out, the limits of a duration).
const (
	labelPattern      = `^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$`
	namespacePattern  = `^[a-z0-9*]([-a-z0-9*]{0,61}[a-z0-9*])?$`
	labelKeyPattern   = `^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$`
	labelValuePattern = `^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$`
	// At least one number with a unit; days come first.
	durationPattern = `^(\d+(\.\d*)?d)?((\d+(\.\d*)?|\.\d+)(h|m|s|ms|us|µs|μs|ns))*$`
	// Less than a second, of one unit.
	underSecondPattern = `^0*([1-9]\d{0,2}ms|[1-9]\d{0,5}(us|µs|μs)|[1-9]\d{0,8}ns|\.\d*[1-9]\d*s)$`
	// Nothing, less than a second, or a rest of milliseconds.
	notWholePattern = underSecondPattern + `|^(0+(\.0*)?(d|h|m|s|ms|us|µs|μs|ns))+$|^\d*([1-9]\d\d|\d[1-9]\d|\d\d[1-9])ms$`
	// Over 32767s: days, or too many of one unit.
	tooLongPattern = `^0*[1-9]\d*(\.\d*)?d|^0*[1-9]\d+(\.\d*)?h|^0*(54[7-9]|5[5-9]\d|[6-9]\d\d|[1-9]\d{3,})m([^s]|$)|^0*([4-9]\d{4}|[1-9]\d{5,})s$`
	// An IPv4 network, or something like an IPv6 network; without a length it is one address.
	cidrPattern = `^(` + ipv4 + `(/(3[0-2]|[12]?\d))?|` + ipv6 + `(/(12[0-8]|1[01]\d|[1-9]?\d))?)$`
	// The network of all addresses has length 0.
	someCIDRPattern = `^(` + ipv4 + `(/(3[0-2]|[12]\d|[1-9]))?|` + ipv6 + `(/(12[0-8]|1[01]\d|[1-9]\d?))?)$`
	ipv4            = octet + `(\.` + octet + `){3}`
	octet           = `(25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)`
	ipv6            = `[0-9A-Fa-f]{0,4}(:[0-9A-Fa-f]{0,4}){2,8}(\.\d{1,3}){0,3}`
	// IPv4-mapped, in its usual spelling.
	notCIDRPattern = `^::[Ff]{4}:(\d+\.|[0-9A-Fa-f]{1,4}:[0-9A-Fa-f]{1,4}(/|$))`
	rangePattern   = `^` + port + `-` + port + `$`
	port           = `([1-9]\d{0,3}|[1-5]\d{4}|6[0-4]\d{3}|65[0-4]\d{2}|655[0-2]\d|6553[0-5])`
	// Labels of letters, digits, "-" and "*"; what "*" may not do stands apart.
	hostPattern    = `^` + hostLabel + `(\.` + hostLabel + `)*$`
	hostLabel      = `[A-Za-z0-9*]([-A-Za-z0-9*]{0,61}[A-Za-z0-9*])?`
	notHostPattern = `\*\*|^\*$|\.\*(\.|$)|(^|\.)\d+$`
	notGlobPattern = `\*\*`
)

// valueSchema gives the named kinds of values their schemas.
func valueSchema(t reflect.Type) *jsonschema.Schema {
	text := func(pattern string, examples ...any) *jsonschema.Schema {
		return &jsonschema.Schema{Type: "string", Pattern: pattern, Examples: examples}
	}
	network := func(pattern string) *jsonschema.Schema {
		s := text(pattern, "10.20.0.0/16", "2001:db8::/32")
		s.Not = &jsonschema.Schema{Pattern: notCIDRPattern}
		return s
	}
	duration := func(notPattern string, examples ...any) *jsonschema.Schema {
		s := text(durationPattern, examples...)
		s.Not = &jsonschema.Schema{Pattern: notPattern}
		return s
	}
	word := func(values ...any) *jsonschema.Schema { return &jsonschema.Schema{Type: "string", Enum: values} }
	number := func(low, high json.Number, examples ...any) *jsonschema.Schema {
		return &jsonschema.Schema{Type: "integer", Minimum: low, Maximum: high, Examples: examples}
	}
	length := func(s *jsonschema.Schema, low, high uint64) *jsonschema.Schema {
		s.MinLength, s.MaxLength = &low, &high
		return s
	}
	switch t {
	case reflect.TypeFor[wire.APIVersion]():
		return &jsonschema.Schema{Type: "string", Const: rules.APIVersion}
	case reflect.TypeFor[wire.Kind]():
		return &jsonschema.Schema{Type: "string", Const: rules.Kind}
	case reflect.TypeFor[wire.Mode]():
		return word("Enforce", "Observe")
	case reflect.TypeFor[wire.Scope]():
		return word("Sidecar", "Destinations")
	case reflect.TypeFor[wire.Bypass]():
		return word("Ports", "CIDRs")
	case reflect.TypeFor[wire.Operator]():
		return word("In", "NotIn", "Exists", "DoesNotExist")
	case reflect.TypeFor[wire.Label]():
		return text(labelPattern)
	case reflect.TypeFor[wire.MiddlewareName]():
		var all []any
		for _, m := range rules.KnownMiddleware() {
			all = append(all, m.Name)
			for _, a := range m.Aliases {
				all = append(all, a)
			}
		}
		return word(all...)
	case reflect.TypeFor[wire.RuleWarning]():
		return word(codes(load.RuleWarnings())...)
	case reflect.TypeFor[wire.GatewayWarning]():
		return word(codes(load.GatewayWarnings())...)
	case reflect.TypeFor[wire.CIDR]():
		return network(someCIDRPattern)
	case reflect.TypeFor[wire.MeshCIDR]():
		return network(cidrPattern)
	case reflect.TypeFor[wire.Host]():
		s := length(text(hostPattern, "redis.prod.example.com", "*.cache.example.com", "redis-*.prod"), 1, 253)
		s.Not = &jsonschema.Schema{Pattern: notHostPattern}
		return s
	case reflect.TypeFor[wire.NamespaceGlob]():
		s := text(namespacePattern, "shop", "team-*")
		s.Not = &jsonschema.Schema{Pattern: notGlobPattern}
		return s
	case reflect.TypeFor[wire.LabelKey]():
		return length(text(labelKeyPattern, "app", "app.kubernetes.io/name"), 1, 317)
	case reflect.TypeFor[wire.LabelValue]():
		return text(labelValuePattern)
	case reflect.TypeFor[wire.Duration]():
		return length(duration(underSecondPattern, "48h", "2d", "90m", "0s"), 2, 64)
	case reflect.TypeFor[wire.WholeSeconds]():
		return length(duration(notWholePattern, "12h", "43200s", "1d"), 2, 64)
	case reflect.TypeFor[wire.KeepaliveSeconds]():
		return length(duration(notWholePattern+"|"+tooLongPattern, "120s", "2m"), 2, 64)
	case reflect.TypeFor[wire.Probes]():
		return number("1", "127", 3)
	case reflect.TypeFor[wire.Percent]():
		return number("0", "50", 25)
	case reflect.TypeFor[wire.MeshPort]():
		return number("0", "65535")
	case reflect.TypeFor[wire.GatewayPort]():
		return number("1", "65535", 8443)
	case reflect.TypeFor[wire.Port]():
		return &jsonschema.Schema{OneOf: []*jsonschema.Schema{
			number("1", "65535", 6379),
			text(rangePattern, "7000-7005"),
		}}
	}
	return nil
}

func codes(list []load.Code) (words []any) {
	for _, c := range list {
		words = append(words, c)
	}
	return words
}
