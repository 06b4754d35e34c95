package yamltext

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
	"pgregory.net/rapid"
)

// drawing writes a document as some person or program might.
type drawing struct {
	*rapid.T
	strings.Builder
	comments int
}

func (d *drawing) pick(label string, texts ...string) string {
	return rapid.SampledFrom(texts).Draw(d.T, label)
}

// comment returns one that is nowhere else, after some white space.
func (d *drawing) comment(before string) string {
	d.comments++
	return fmt.Sprintf("%s#%02d", before, d.comments)
}

// tail draws what stands behind a value on its line.
func (d *drawing) tail() string {
	switch d.pick("tail", "", "", "", "#", "\t#", " ") {
	case "#":
		return d.comment(" ")
	case "\t#":
		return d.comment("\t")
	case " ":
		return "  "
	}
	return ""
}

func (d *drawing) between(indent string) {
	for range rapid.IntRange(-3, 2).Draw(d.T, "between") {
		d.WriteString(d.pick("line", "\n", d.comment(indent)+"\n", d.comment("")+"\n", d.comment(indent+"        ")+"\n", indent+" \n"))
	}
}

// mapping draws the lines of a block mapping.
func (d *drawing) mapping(indent string, depth int) {
	step := indent + d.pick("step", "  ", "  ", " ", "    ")
	for i := range rapid.IntRange(1, 4).Draw(d.T, "keys") {
		d.between(indent)
		key := fmt.Sprintf("k%d", i)
		d.WriteString(indent + d.pick("key", key, key, key, `"`+key+`"`, "'"+key+"' ", "? "+key+"\n"+indent) + ":")
		kinds := 12
		if depth == 0 {
			kinds = 8
		}
		switch rapid.IntRange(0, kinds).Draw(d.T, "kind") {
		case 0:
			d.WriteString(d.tail() + "\n")
		case 1, 2, 3:
			d.WriteString(" " + d.pick("scalar", "plain", "two words", "'it''s'", `"q\"\u00e4"`, "~", "!!str 1", "ä#ö", "&a x", "''", "!!null") + d.tail() + "\n")
		case 4:
			d.WriteString(" " + d.pick("lines", "several\n"+step+"words", "'single\n\n"+step+"quotes'", "\"double\\\n"+step+"quotes\"") + d.tail() + "\n")
		case 5:
			d.WriteString(d.tail() + "\n" + step + "below" + d.tail() + "\n")
		case 6, 7:
			header := d.pick("header", "|", "|", ">", "|-", "|+", ">+", ">-")
			line := d.pick("first", "a", "# b", "c: d", "ä")
			d.WriteString(" " + header + d.tail() + "\n" + d.pick("blank", "", "", "\n") + step + line + "\n" + d.pick("more", "", "\n", step+" more\n", "\n\n"+step+"x\n", step+"\n"))
		case 8:
			d.WriteString(" |2\n" + indent + "    x\n" + indent + "  y\n")
		case 9:
			d.WriteString(" " + d.flow(depth-1) + d.tail() + "\n")
		case 10:
			d.WriteString(d.tail() + "\n")
			d.sequence(indent+d.pick("dashes", "", "  "), depth-1)
		default:
			d.WriteString(d.tail() + "\n")
			d.mapping(step, depth-1)
		}
	}
}

func (d *drawing) sequence(indent string, depth int) {
	for range rapid.IntRange(1, 3).Draw(d.T, "items") {
		d.WriteString(indent + "-")
		switch d.pick("item", "scalar", "flow", "mapping", "literal") {
		case "scalar":
			d.WriteString(" x" + d.tail() + "\n")
		case "flow":
			d.WriteString(" " + d.flow(depth) + d.tail() + "\n")
		case "mapping":
			d.WriteString("\n")
			d.mapping(indent+"  ", max(depth, 0))
		case "literal":
			d.WriteString(" |\n" + indent + "   x\n")
		}
	}
}

// flow draws a mapping in braces, or a sequence of them.
func (d *drawing) flow(depth int) string {
	gap := d.pick("gap", "", " ", "\n            ")
	comment := func() string {
		if gap != "" && gap != " " && rapid.IntRange(0, 3).Draw(d.T, "comment") == 0 {
			return d.comment(" ")
		}
		return ""
	}
	var entries []string
	for i := range rapid.IntRange(1, 4).Draw(d.T, "entries") {
		value := d.pick("value", ": x", ": x y", `: "q"`, ": 's'", ":", ": ~", ": [a, {b: c}]", ": {}", "")
		if depth > 0 && rapid.Bool().Draw(d.T, "deeper") {
			value = ": " + d.flow(depth-1)
		}
		quote := d.pick("quote", "", "'", `"`)
		if value == "" && quote == "" {
			value = ": y"
		}
		entries = append(entries, quote+fmt.Sprintf("k%d", i)+quote+value)
	}
	var b strings.Builder
	for i, entry := range entries {
		b.WriteString(gap + entry)
		if i < len(entries)-1 || rapid.Bool().Draw(d.T, "comma") {
			b.WriteString(d.pick("before", "", " ") + ",")
		}
		b.WriteString(comment())
	}
	text := "{" + b.String() + gap + "}"
	if rapid.IntRange(0, 3).Draw(d.T, "list") == 0 {
		return "[" + text + ", " + text + "]"
	}
	return text
}

// json draws a JSON value in one of the usual layouts.
func (d *drawing) json(indent string, depth int) string {
	eol, space := "\n"+indent, " "
	if d.pick("layout", "lines", "one", "compact") != "lines" {
		eol, space = "", d.pick("space", "", " ")
	}
	var entries []string
	for i := range rapid.IntRange(1, 3).Draw(d.T, "members") {
		value := d.pick("value", `"x"`, "1", "null", "true", `"\u00e4\ud83d\ude00"`, "[]", "{}", `["a", {"b":"c"}]`)
		if depth > 0 && rapid.Bool().Draw(d.T, "object") {
			value = d.json(indent+"  ", depth-1)
		}
		entries = append(entries, fmt.Sprintf(`"k%d":%s%s`, i, space, value))
	}
	inner := eol
	if eol != "" {
		inner += "  "
	}
	return "{" + inner + strings.Join(entries, ","+cmp.Or(inner, space)) + eol + "}"
}

func drawDocument(t *rapid.T) string {
	d := &drawing{T: t}
	if rapid.IntRange(0, 4).Draw(t, "json") == 0 {
		return d.json("", 2) + d.pick("end", "", "\n")
	}
	d.WriteString(d.pick("start", "", "", "# start\n", "---\n", "--- # s\n", "\ufeff", "%YAML 1.2\n---\n"))
	d.mapping(d.pick("root", "", "", "  "), 2)
	text := d.String() + d.pick("end", "", "", "...\n", "# end\n", "\n\n")
	if rapid.IntRange(0, 2).Draw(t, "cut") == 0 {
		text = strings.TrimRight(text, "\n")
	}
	return strings.ReplaceAll(text, "\n", d.pick("eol", "\n", "\n", "\r\n", "\r"))
}

// mappings returns the mappings with entries at and below a node.
func mappings(n *yaml.Node) (found []*yaml.Node) {
	var visit func(n *yaml.Node)
	visit = func(n *yaml.Node) {
		if n.Kind == yaml.MappingNode && len(n.Content) > 0 {
			found = append(found, n)
		}
		for _, child := range n.Content {
			visit(child)
		}
	}
	visit(n)
	return found
}

// parseOne reads a text of one document.
func parseOne(t interface {
	Helper()
	Fatalf(string, ...any)
}, text string,
) *Document {
	t.Helper()
	documents, problems := Parse(text)
	if len(problems) > 0 || len(documents) != 1 || documents[0].Root == nil {
		t.Fatalf("got %d documents and %v of\n%s\n%q", len(documents), problems, text, text)
	}
	return documents[0]
}

// A scalar's text alone means what it means in the document.
func TestSpansOfScalars(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := parseOne(t, drawDocument(t))
		texts, problem := spans(d)
		if problem != nil {
			t.Fatalf("%q: %v", d.Text, problem)
		}
		var visit func(n *yaml.Node)
		visit = func(n *yaml.Node) {
			text := texts[0]
			texts = texts[1:]
			if n.Kind == yaml.ScalarNode && !isBlockScalar(n) {
				again := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null"}
				if d.JSON {
					again = parseOne(t, "["+text+"]").Root.Content[0]
				} else if text != "" {
					again = parseOne(t, text).Root
				}
				if again.Value != n.Value || again.Kind != n.Kind || again.Tag != n.Tag {
					t.Fatalf("%q: got the span %q of %q", d.Text, text, n.Value)
				}
			}
			for _, child := range n.Content {
				visit(child)
			}
		}
		visit(d.Root)
	})
}

// setting is what Set is asked to do, and what it must come to.
type setting struct {
	set    []Entry
	remove []string
}

func drawSetting(t *rapid.T) setting {
	var s setting
	for _, key := range []string{"k0", "k1", "k2", "k3", "new", "ä: b", "true"} {
		switch rapid.IntRange(0, 4).Draw(t, key) {
		case 0, 1:
			s.set = append(s.set, Entry{Key: key, Text: rapid.OneOf(
				rapid.SampledFrom([]string{"", "new", "6379", "true", "a: b", "# x", "it's", `"q"`, `it's "q"`, "a", "a\n", "a\n more", "a\n more\n", "a\nb", "a\n\nb\n", "  a\nb\n", "a\n\n", "a\n \n", "\n", "\na", "t\tb", "\u0085", "\u2028x", "- a", "\ufeff", "ä😀", "a\rb"}),
				rapid.StringMatching(`[a-c \n#:'"\\,{}]{0,12}`), rapid.String()).Draw(t, "text")})
		case 2:
			s.remove = append(s.remove, key)
		}
	}
	return s
}

// same compares what two nodes mean, but for the mapping that was set.
func (s setting) same(old, new, set *yaml.Node) bool {
	if old == set {
		if new.Kind == yaml.ScalarNode && new.Tag == "!!null" && len(s.set) == 0 {
			new = &yaml.Node{} // all are removed
		}
		return s.isMade(old, new)
	}
	return old.Kind == new.Kind && old.Tag == new.Tag && old.Value == new.Value && old.Anchor == new.Anchor && IsFlow(old) == IsFlow(new) &&
		slices.EqualFunc(old.Content, new.Content, func(old, new *yaml.Node) bool { return s.same(old, new, set) })
}

// isMade reports whether a mapping has the entries that were meant, the old
// ones in their order.
func (s setting) isMade(old, new *yaml.Node) bool {
	want := map[string]string{}
	for _, e := range s.set {
		want[e.Key] = e.Text
	}
	after := new.Content
	for i := 0; i+1 < len(old.Content); i += 2 {
		key := old.Content[i]
		text, set := want[key.Value]
		if !set && slices.Contains(s.remove, key.Value) {
			continue
		}
		for len(after) > 0 && Index(old, after[0].Value) < 0 {
			after = after[2:] // an added one
		}
		if len(after) == 0 || !s.same(key, after[0], nil) || !set && !s.same(old.Content[i+1], after[1], nil) {
			return false
		}
		if set && (after[1].Value != text || after[1].Tag != "!!str") {
			return false
		}
		after = after[2:]
	}
	count := 0
	for i := 0; i+1 < len(new.Content); i += 2 {
		if text, set := want[new.Content[i].Value]; set {
			count++
			if new.Content[i+1].Value != text || new.Content[i+1].Tag != "!!str" || new.Content[i].Tag != "!!str" {
				return false
			}
		}
	}
	return count == len(want)
}

// Whatever the layout: the entries are there, nothing else changes, a second
// edit changes nothing, and refusals are only those that tables explain.
func TestSetProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text, s := drawDocument(t), drawSetting(t)
		d := parseOne(t, text)
		all := mappings(d.Root)
		m := all[rapid.IntRange(0, len(all)-1).Draw(t, "mapping")]
		style := Style{Quoted: rapid.Bool().Draw(t, "quoted")}
		e := d.Edit(style)
		e.Set(m, s.set, s.remove)
		after, problem := d.Apply(e)
		if problem != nil {
			if !refusals.MatchString(problem.Message) {
				t.Fatalf("got %v for %q in\n%q", problem, s, text)
			}
			return
		}
		if again := checkSet(t, d, m, s, after); again != nil {
			e := again.document.Edit(style)
			e.Set(again.mapping, s.set, s.remove)
			if twice, problem := again.document.Apply(e); problem == nil && twice != after || problem != nil && !strings.Contains(after, "?") {
				t.Fatalf("a second edit makes (%v)\n%q\nof\n%q\nof\n%q\nby %q", problem, twice, after, text, s)
			}
		}
	})
}

var refusals = regexp.MustCompile(`^got blank lines or a comment|behind other text on its line|^got a value that is no text|without "\?"`)

// edited is a mapping after Set.
type edited struct {
	document *Document
	mapping  *yaml.Node
}

// checkLines wants every comment and every line in the text afterwards, in
// order, but for those that stand in entries that were set or removed. A comma
// may come behind the last entry in braces, and the line where braces change
// is looked at from its comments alone.
func (s setting) checkLines(t *rapid.T, d *Document, m *yaml.Node, after string) {
	concerned := map[int]bool{} // by line
	x := &extent{Document: d}
	mark := func(start, end int) {
		for i := x.line(start); i <= x.line(end); i++ {
			concerned[i] = true
		}
	}
	if IsFlow(m) {
		mark(x.at(m), x.end(m, -1))
	}
	var dropped []string
	for i := 0; i+1 < len(m.Content); i += 2 {
		key := m.Content[i].Value
		start, end := x.at(m.Content[i]), x.pairEnd(m.Content[i:i+2], x.inner(m))
		isSet := slices.ContainsFunc(s.set, func(e Entry) bool { return e.Key == key })
		switch {
		case isSet:
			mark(start, end)
		case slices.Contains(s.remove, key):
			mark(start, end)
			dropped = append(dropped, d.Text[start:end])
		}
	}
	rest := after + "\n"
	for i, start := range x.starts {
		line := strings.TrimRight(d.Text[start:x.nextLine(start)], "\r\n")
		if !concerned[i] && strings.TrimSpace(line) != "" {
			_, behind, found := strings.Cut("\n"+strings.ReplaceAll(rest, "\r", "\n"), "\n"+line+"\n")
			if !found {
				t.Fatalf("the line %q is lost in\n%q\nafter %q in\n%q", line, after, s, d.Text)
			}
			rest = behind
		}
	}
	for _, comment := range comments.FindAllString(withoutBlockScalars(d), -1) {
		if !strings.Contains(after, comment) && !strings.Contains(strings.Join(dropped, ""), comment) {
			t.Fatalf("the comment %q is lost in\n%q\nafter %q in\n%q", comment, after, s, d.Text)
		}
	}
}

// withoutBlockScalars returns the text without the lines of block scalars.
func withoutBlockScalars(d *Document) string {
	x, text := &extent{Document: d}, []byte(d.Text)
	var visit func(n *yaml.Node, indent int)
	visit = func(n *yaml.Node, indent int) {
		if isBlockScalar(n) {
			for i := x.nextLine(x.bare(n)); i < x.end(n, indent); i++ {
				text[i] = ' '
			}
		}
		for _, child := range n.Content {
			visit(child, x.inner(n))
		}
	}
	visit(d.Root, -1)
	return string(text)
}

var comments = regexp.MustCompile(`#\d\d`)

func checkSet(t *rapid.T, d *Document, m *yaml.Node, s setting, after string) *edited {
	t.Helper()
	whole := d.file.text[:d.Start] + after + d.file.text[d.Start+len(d.Text):]
	documents, problems := Parse(whole)
	if len(problems) > 0 || len(documents) > 1 {
		t.Fatalf("got %d documents and %v of\n%s\n%q\nafter %q in\n%s\n%q", len(documents), problems, after, after, s, d.Text, d.Text)
	}
	s.checkLines(t, d, m, after)
	if len(documents) == 0 || documents[0].Root == nil {
		return nil
	}
	if !s.same(d.Root, documents[0].Root, m) {
		t.Fatalf("got\n%s\n%q\nafter %q in\n%s\n%q", after, after, s, d.Text, d.Text)
	}
	// The same way down leads to the mapping.
	var find func(old, new *yaml.Node) *yaml.Node
	find = func(old, new *yaml.Node) *yaml.Node {
		if old == m {
			return new
		}
		for i, child := range old.Content {
			if found := find(child, new.Content[i]); found != nil {
				return found
			}
		}
		return nil
	}
	if new := find(d.Root, documents[0].Root); len(new.Content) > 0 {
		return &edited{documents[0], new}
	}
	return nil
}
