package yamltext

import (
	"strings"

	"go.yaml.in/yaml/v4"
)

// flow is how a mapping in braces is written.
type flow struct {
	pretty bool    // each key on a line of its own
	gap    string  // in front of a key, if pretty
	closer string  // in front of the closing brace, if pretty and deeper
	unit   string  // what a deeper gap has more
	space  string  // behind a comma, if not pretty
	colon  string  // between key and value
	keys   quoting // of the keys
	values quoting // of the values
}

// emptyFlow is how braces are written where no neighbour tells.
func (e *Edit) emptyFlow() flow {
	f := flow{space: " ", colon: ": "}
	if e.JSON {
		f.keys, f.values = jsonQuotes, jsonQuotes
	} else if e.style.Quoted {
		f.values = doubleQuotes
	}
	return f
}

// flowOf returns how a flow mapping with at least one key is written.
func (e *Edit) flowOf(m *yaml.Node) flow {
	f := e.emptyFlow()
	last := len(m.Content) - 2
	key, value := m.Content[last], m.Content[last+1]
	if !e.JSON {
		f.keys = quotingOf(key)
	}
	if !e.JSON && !e.style.Quoted {
		f.values = quotingOf(value)
	}
	if f.keys != plainIfSafe && !isUnwritten(value) && e.at(value) == e.colonEnd(key, inFlow) {
		f.colon, f.space = ":", ""
	}
	open := e.bare(m) + 1
	before := e.Text[open:e.at(m.Content[0])]
	if last > 0 {
		between := e.Text[e.end(m.Content[last-1], inFlow):e.flowStart(m, last)]
		if i := strings.LastIndexByte(between, ','); i >= 0 && !strings.ContainsAny(between[i:], "#\r\n") {
			f.space = between[i+1:]
		}
	}
	if i := strings.LastIndexAny(before, "\r\n"); i >= 0 && !strings.Contains(before, "#") {
		indent := before[i+1:]
		eol := lastBreak(before[:i+1])
		f.pretty, f.gap, f.unit = true, eol+indent, "  "
		end := e.flowEnd(m) - 1
		line := e.Text[e.lineStart(end):end]
		if unit, ok := strings.CutPrefix(indent, line); ok && unit != "" {
			f.unit = unit
		}
	}
	return f
}

// deeper returns the layout of a mapping that is a value in this one.
func (f flow) deeper() flow {
	if f.pretty {
		f.gap, f.closer = f.gap+f.unit, f.gap
	}
	return f
}

func (f flow) between() string {
	if f.pretty {
		return "," + f.gap
	}
	return "," + f.space
}

// mapping writes entries in braces.
func (f flow) mapping(entries []Entry) string {
	if len(entries) == 0 {
		return "{}"
	}
	return "{" + f.gap + f.join(entries) + f.closer + "}"
}

// join writes entries with what stands between them.
func (f flow) join(entries []Entry) string {
	texts := make([]string, len(entries))
	for i, entry := range entries {
		if entry.Merge != "" {
			texts[i] = MergeKey + ": *" + entry.Merge
			continue
		}
		texts[i] = f.keys.write(entry.Key) + f.colon
		switch {
		case entry.Entries != nil:
			texts[i] += f.deeper().mapping(entry.Entries)
		case entry.Plain != "":
			texts[i] += entry.Plain
		default:
			texts[i] += f.values.write(entry.Text)
		}
	}
	return strings.Join(texts, f.between())
}

// setFlow changes a mapping in braces.
func (e *Edit) setFlow(m *yaml.Node, c changes) {
	f := e.flowOf(m)
	for i := range m.Content {
		if text, ok := c.replaced[i]; ok {
			e.replaceInFlow(m.Content[i], m.Content[i+1], text, f)
		}
	}
	switch kept := c.lastKept(m); {
	case len(c.added) == 0:
	case kept < 0:
		at := e.flowStart(m, 0)
		e.splice(at, at, f.join(c.added))
	default:
		at := e.pairEnd(m.Content[kept:kept+2], inFlow)
		e.splice(at, at, e.apart(at)+f.between()+f.join(c.added))
	}
	for i := 0; i < len(m.Content); i += 2 {
		if !c.removes(m, i) {
			continue
		}
		first := i
		for i+2 < len(m.Content) && c.removes(m, i+2) {
			i += 2
		}
		e.removeFlow(m, first, i)
	}
}

// apart returns what a comma needs in front of it: behind a colon without a
// value some readers, kubectl's among them, would take it for a part of the key.
func (e *Edit) apart(at int) string {
	if strings.HasSuffix(e.Text[:at], ":") {
		return " "
	}
	return ""
}

// removeFlow removes the entries from one index of a mapping's Content to
// another, with the commas that are no longer needed. Comments between them
// stay.
func (e *Edit) removeFlow(m *yaml.Node, first, last int) {
	endOf := func(i int) int {
		return e.pairEnd(m.Content[i:i+2], inFlow)
	}
	start, end := e.flowStart(m, first), endOf(last)
	for i := first; i < last+2; i++ {
		e.release(m.Content[i], end)
	}
	switch comma := e.skipSpace(end); {
	case last+2 < len(m.Content):
		end = e.flowStart(m, last+2)
	case first > 0:
		start = endOf(first - 2)
	case e.byteAt(comma) == ',':
		end = comma + 1
	}
	if !strings.Contains(e.Text[start:end], "#") {
		e.splice(start, end, "")
		return
	}
	var rest strings.Builder
	at := start
	for i := first; i <= last; i += 2 {
		rest.WriteString(e.withoutComma(at, e.flowStart(m, i)))
		at = endOf(i)
	}
	rest.WriteString(e.withoutComma(at, end))
	e.splice(start, end, rest.String())
}

// flowStart returns where the entry at an index of a mapping's Content begins
// in braces, "?" included.
func (e *Edit) flowStart(m *yaml.Node, i int) int {
	if i == 0 {
		return e.skipSpace(e.bare(m) + 1)
	}
	comma := e.skipSpace(e.pairEnd(m.Content[i-2:i], inFlow))
	return e.skipSpace(min(comma+1, len(e.Text)))
}

// withoutComma returns the white space and comments between two entries.
func (e *Edit) withoutComma(start, end int) string {
	if comma := e.skipSpace(start); comma < end && e.Text[comma] == ',' {
		return e.Text[start:comma] + e.Text[comma+1:end]
	}
	return e.Text[start:end]
}

// replaceInFlow gives a value in braces another text.
func (e *Edit) replaceInFlow(key, value *yaml.Node, text string, f flow) {
	if !e.mayReplace(value) {
		return
	}
	quotes := quotingOf(value)
	if e.JSON || e.style.Quoted {
		quotes = f.values
	}
	if !isUnwritten(value) {
		e.splice(e.at(value), e.end(value, inFlow), quotes.write(text))
		return
	}
	colon, before := e.colonEnd(key, inFlow), " "
	if !strings.HasSuffix(e.Text[:colon], ":") {
		before = ": "
	}
	e.splice(colon, colon, before+quotes.write(text))
}
