package load

import (
	"slices"

	yaml "go.yaml.in/yaml/v4"

	"github.com/holdfast-mesh/holdfast/rules/load/internal/grammar"
	"github.com/holdfast-mesh/holdfast/rules/load/internal/wire"
)

// The known keys of each mapping.
var (
	fileKeys         = wire.Keys[wire.File]()
	meshKeys         = wire.Keys[wire.Mesh]()
	ruleKeys         = wire.Keys[wire.Rule]()
	destinationsKeys = wire.Keys[wire.Destinations]()
	workloadsKeys    = wire.Keys[wire.Workloads]()
	selectorKeys     = wire.Keys[wire.Selector]()
	requirementKeys  = wire.Keys[wire.Requirement]()
	strategyKeys     = wire.Keys[wire.Strategy]()
	keepaliveKeys    = wire.Keys[wire.Keepalive]()
	gatewayKeys      = wire.Keys[wire.Gateway]()
)

// mostKeys is the most keys that a mapping of the format has.
const mostKeys = 10

// field is a key of a mapping, and what reads its value.
type field struct {
	key  string
	read func(v value)
}

// object reads a mapping: the values that are there in the order of fields,
// whatever their order in the text. Unknown, duplicate and missing keys are
// reported. It reports whether v is a mapping.
func (l *loader) object(v value, keys []wire.Key, fields ...field) bool {
	if v.Kind != yaml.MappingNode {
		l.wrongType(v, "a mapping")
		return false
	}
	content := l.content(v, 0)
	var where, values [mostKeys]*yaml.Node // beside keys
	var unknown []*yaml.Node
	for i := 0; i+1 < len(content) && !l.full; i += 2 {
		k := l.value(content[i], v.at)
		switch found := find(k.Node, keys); {
		case found < 0:
			l.unknownKey(k, content[i+1], keys)
			if len(unknown) < mostKeys { // a hostile file has a million
				unknown = append(unknown, k.Node)
			}
		case where[found] != nil:
			l.duplicateKey(k, where[found].Line)
		default:
			where[found], values[found] = k.Node, content[i+1]
		}
	}
	for i := range keys {
		// One that is mistyped has been reported.
		isMeant := func(k *yaml.Node) bool { return meantBy(k, keys) == keys[i].Name }
		if keys[i].Required && where[i] == nil && !slices.ContainsFunc(unknown, isMeant) {
			l.errorAt(v, missingKey, "got no %q, want it: %s", keys[i].Name, requiredHints[keys[i].Name])
		}
	}
	for _, f := range fields {
		for i := range keys {
			if keys[i].Name == f.key && values[i] != nil {
				f.read(l.value(values[i], &path{up: v.at, key: keys[i].Name}))
			}
		}
	}
	return true
}

// hasUnknownKey reports whether a mapping has a key of its own that is none of keys.
func hasUnknownKey(v value, keys []wire.Key) bool {
	for i := 0; i+1 < len(v.Content); i += 2 {
		if k := v.Content[i]; k.Tag != mergeTag && find(k, keys) < 0 {
			return true
		}
	}
	return false
}

// find returns which of keys k is, or -1.
func find(k *yaml.Node, keys []wire.Key) int {
	for i := range keys {
		if k.Kind == yaml.ScalarNode && keys[i].Name == k.Value {
			return i
		}
	}
	return -1
}

// content returns keys and values of a mapping in turn, with merge keys
// replaced by what they bring. Its own keys win over merged ones, earlier
// merges over later ones: https://yaml.org/type/merge.html
func (l *loader) content(v value, depth int) []*yaml.Node {
	var own, merges []*yaml.Node
	for i := 0; i+1 < len(v.Content); i += 2 {
		if k := v.Content[i]; k.Kind == yaml.ScalarNode && k.Tag == mergeTag {
			merges = append(merges, k, v.Content[i+1])
		}
	}
	if merges == nil {
		return v.Content
	}
	if depth > maxDepth {
		l.errorAt(v, tooManyAliases, "got merge keys nested over %d deep, want fewer: does an anchor merge itself?", maxDepth)
		return nil
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(v.Content); i += 2 {
		if k := v.Content[i]; k.Kind != yaml.ScalarNode || k.Tag != mergeTag {
			own = append(own, k, v.Content[i+1])
			seen[k.Value] = true
		}
	}
	for i := 0; i < len(merges) && !l.full; i += 2 {
		if i > 0 {
			l.duplicateKey(value{Node: merges[i], at: v.at}, merges[0].Line)
		}
		from := l.value(merges[i+1], v.at)
		sources := []*yaml.Node{from.Node}
		if from.Kind == yaml.SequenceNode {
			sources = from.Content
		}
		for _, source := range sources {
			source := l.value(source, v.at)
			if l.full {
				break
			}
			if source.Kind != yaml.MappingNode {
				l.errorAt(source, wrongType, "got %s to merge with <<, want a mapping or a list of mappings", describe(source.Node))
				continue
			}
			merged := l.content(source, depth+1)
			inSource := map[string]int{}
			for j := 0; j+1 < len(merged) && !l.full; j += 2 {
				k := value{Node: merged[j], at: v.at}
				l.values += len(k.Value) / charge
				l.count(k)
				if first, ok := inSource[k.Value]; ok {
					l.duplicateKey(k, first)
				}
				inSource[k.Value] = k.Line
				if !seen[k.Value] {
					seen[k.Value] = true
					own = append(own, k.Node, merged[j+1])
				}
			}
		}
	}
	return own
}

// duplicateKey reports a key that stands before, in line first, in the mapping
// at k.at.
func (l *loader) duplicateKey(k value, first int) {
	k.at = &path{up: k.at, key: k.Value, quoted: k.Value == ""}
	l.errorAt(k, duplicateKey, "got %s a second time, want it once: the first is on line %d", grammar.Show(k.Value), first)
}
