package load

import (
	"slices"

	"github.com/holdfast-mesh/holdfast/rules/load/internal/grammar"
)

// RuleWarnings returns the codes that "allow" of a rule takes: those of warnings
// that are about a rule.
func RuleWarnings() []Code {
	return []Code{
		bypassByReference, bypassesWholePorts, cidrsDoNotNarrow, conflictingRules, destinationsDoNotNarrow, hostBitsSet, hostsDoNotNarrow, keepaliveWithoutIdleTimeout,
		longDrainDuration, NeedsMeshObject, neverMatches, noIdleTimeout, portsDoNotNarrow,
	}
}

// GatewayWarnings returns the same for a gateway.
func GatewayWarnings() []Code {
	return []Code{longDrainDuration, NeedsMeshObject, noIdleTimeout, portsDoNotNarrow}
}

// allow reads which warnings are meant, each once.
func (l *loader) allow(v value, warnings []Code) (allowed []Code) {
	l.list(v, "a list of codes such as ["+string(warnings[0])+"]", func(item value) {
		s, ok := l.text(item, "text: the code of a warning")
		code := Code(s)
		switch {
		case !ok || slices.Contains(allowed, code):
		case slices.Contains(warnings, code):
			allowed = append(allowed, code)
		default:
			l.errorAt(item, unknownChoice, "got %s, want the code of a warning that there can be here, %s%s", grammar.Show(s),
				later(func() string { return grammar.OrList(texts(warnings)) }),
				later(func() string { return grammar.WriteNearest(s, texts(warnings)) }))
		}
	})
	return allowed
}

func texts(codes []Code) []string {
	list := make([]string, len(codes))
	for i, c := range codes {
		list[i] = string(c)
	}
	return list
}
