package load

import (
	"slices"
	"strconv"
	"strings"

	"github.com/holdfast-mesh/holdfast/internal/clip"

	yaml "go.yaml.in/yaml/v4"
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

// clipped fits a text of the file into a message.
func clipped(s string) string { return clip.Text(s, 63) }

// show quotes a text for a message.
func show(s string) string { return strconv.Quote(clipped(s)) }

// quoteWhole is show without the cut, for texts that are to be copied.
func quoteWhole(s string) string {
	if len(s) > 200 {
		return show(s)
	}
	return strconv.Quote(s)
}

// orList joins words for a sentence: "A, B or C".
func orList(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " or " + words[len(words)-1]
}

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
		return show(n.Value)
	case intTag, floatTag:
		return "the number " + show(n.Value)
	}
	return show(n.Value) + " with tag " + show(n.ShortTag())
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
		hint = ": write " + quoteWhole(v.Value)
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
		if _, isNumber := decimal(item); !isNumber || !strings.HasPrefix(want, "a list of ports") {
			item = quoteWhole(item)
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
		word := strings.ToLower(clipped(v.Value))
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
	return decimal(v.Value)
}

// isNumber reports whether YAML takes v for a number of any kind.
func isNumber(v value) bool {
	return v.Kind == yaml.ScalarNode && (v.ShortTag() == intTag || v.ShortTag() == floatTag)
}

func decimal(s string) (int, bool) {
	if s == "" || len(s) > 9 || s[0] == '0' && len(s) > 1 || strings.Trim(s, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.Atoi(s)
	return n, err == nil
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
	want := orList(list)
	s, ok := l.text(v, "text: "+want)
	if !ok {
		return ""
	}
	hint := writeNearest(s, list)
	if hint != "" && strings.EqualFold(s, nearest(s, list)) {
		hint += " (case matters)"
	}
	l.errorAt(v, unknownChoice, "got %s, want %s%s", show(s), want, hint)
	return ""
}
