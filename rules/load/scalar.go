package load

import (
	"slices"
	"strings"

	yaml "go.yaml.in/yaml/v4"

	"github.com/holdfast-mesh/holdfast/rules/load/internal/grammar"
)

// Tags that YAML gives to plain values.
const (
	nullTag  = "!!null"
	boolTag  = "!!bool"
	strTag   = "!!str"
	intTag   = "!!int"
	floatTag = "!!float"
	mergeTag = "!!merge"
	timeTag  = "!!timestamp"
)

// describe names what a node is, for "got ...".
func describe(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	}
	switch n.ShortTag() {
	case nullTag:
		return "no value"
	case boolTag:
		return n.Value
	case strTag, timeTag:
		return grammar.Show(n.Value)
	case intTag, floatTag:
		return "the number " + grammar.Show(n.Value)
	}
	return grammar.Show(n.Value) + " with tag " + grammar.Show(n.ShortTag())
}

// wrongType reports a value of a type that cannot stand here.
func (l *loader) wrongType(v value, want string) {
	hint := ""
	isScalar := v.Kind == yaml.ScalarNode
	switch {
	case isScalar && v.ShortTag() == nullTag:
		hint = ": give it a value or remove the key"
	case isScalar && strings.HasPrefix(want, "a list"):
		hint = listHint(v, want)
	case isScalar && !isTagged(v) && (strings.HasPrefix(want, "text: a name") || strings.Contains(want, "label") || want == "text"):
		hint = ": write " + grammar.ShowWhole(v.Value)
	}
	l.errorAt(v, wrongType, "got %s, want %s%s", describe(v.Node), want, hint)
}

// listHint says how to write a text, or a comma list, as a list. Of mappings there is
// none to write.
func listHint(v value, want string) string {
	if strings.HasPrefix(want, "a list of rules") || strings.HasPrefix(want, "a list of gateways") || strings.HasPrefix(want, "a list of conditions") {
		return ""
	}
	var items []string
	for item := range strings.SplitSeq(v.Value, ",") {
		item = strings.TrimSpace(item)
		if _, isNumber := grammar.Decimal(item); !isNumber || !strings.HasPrefix(want, "a list of ports") {
			item = grammar.ShowWhole(item)
		}
		items = append(items, item)
	}
	if len(items) > 8 || len(v.Value) > 200 {
		return ": write each as an item in [ ]"
	}
	return ": write [" + strings.Join(items, ", ") + "]"
}

// isTagged reports whether the author gave v a type.
func isTagged(v value) bool { return v.Style&yaml.TaggedStyle != 0 }

// text reads a string. Numbers and booleans without quotes are not taken for
// one: YAML reads 010 and no in ways that their author does not expect.
func (l *loader) text(v value, want string) (string, bool) {
	if v.Kind == yaml.ScalarNode {
		tag := v.ShortTag()
		if tag == strTag || tag == timeTag && !isTagged(v) { // a plain date
			return v.Value, true
		}
	}
	l.wrongType(v, want)
	return "", false
}

// boolean reads true or false.
func (l *loader) boolean(v value) bool {
	if v.Kind == yaml.ScalarNode {
		if v.ShortTag() == boolTag {
			switch v.Value {
			case "true", "True", "TRUE":
				return true
			case "false", "False", "FALSE":
				return false
			}
		}
		word := strings.ToLower(grammar.Clipped(v.Value))
		for _, meant := range [][]string{{"true", "yes", "on", "y", "1"}, {"false", "no", "off", "n", "0"}} {
			if slices.Contains(meant, word) {
				l.errorAt(v, wrongType, "got %s, want true or false: write %s", describe(v.Node), meant[0])
				return false
			}
		}
	}
	l.wrongType(v, "true or false")
	return false
}

// number reads a decimal integer without sign or leading zero. ok is false,
// without a report, for everything else.
func number(v value) (n int, ok bool) {
	if v.Kind != yaml.ScalarNode || v.ShortTag() != intTag {
		return 0, false
	}
	return grammar.Decimal(v.Value)
}

// isNumber reports whether YAML takes v for a number of any kind.
func isNumber(v value) bool {
	return v.Kind == yaml.ScalarNode && (v.ShortTag() == intTag || v.ShortTag() == floatTag)
}

// choice reads one of a few words.
func choice[T ~string](l *loader, v value, words ...T) T {
	if i := slices.Index(words, T(v.Value)); i >= 0 && v.Kind == yaml.ScalarNode && v.ShortTag() == strTag {
		return words[i]
	}
	list := make([]string, len(words))
	for i, w := range words {
		list[i] = string(w)
	}
	want := grammar.OrList(list)
	s, ok := l.text(v, "text: "+want)
	if !ok {
		return ""
	}
	hint := grammar.WriteNearest(s, list)
	if hint != "" && strings.EqualFold(s, grammar.Nearest(s, list)) {
		hint += " (case matters)"
	}
	l.errorAt(v, unknownChoice, "got %s, want %s%s", grammar.Show(s), want, hint)
	return ""
}
