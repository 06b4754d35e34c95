package proxyconfig

import (
	"strings"

	"go.yaml.in/yaml/v4"
)

// flowStyle is how a mapping between braces is written.
type flowStyle struct {
	quoteKeys bool   // as JSON wants it
	space     string // behind colons and commas
}

// flowStyle is the style of this mapping, else that of the one around it.
func (m mapping) flowStyle() flowStyle {
	if !m.isFlow() {
		return flowStyle{space: " "}
	}
	entries := entriesOf(m.node)
	if len(entries) == 0 {
		if m.indent < 0 {
			return flowStyle{quoteKeys: true, space: " "}
		}
		return m.style
	}
	style := flowStyle{space: " "}
	first := entries[0]
	style.quoteKeys = first.key.Style&yaml.DoubleQuotedStyle != 0
	end, err := m.end(first.key, -1)
	if style.quoteKeys && err == nil && end+1 < len(m.text) && m.text[end] == ':' &&
		strings.IndexByte(" \t\r\n", m.text[end+1]) < 0 {
		style.space = ""
	}
	return style
}

// flowMapping writes fields between braces.
func flowMapping(fields []field, style flowStyle) string {
	return "{" + strings.Join(flowEntries(fields, style), ","+style.space) + "}"
}

func flowEntries(fields []field, style flowStyle) []string {
	var entries []string
	for _, f := range fields {
		name, value := plainName(f.name), f.value
		if style.quoteKeys && f.name != "<<" {
			name = quoted(f.name)
		}
		if f.nested != nil {
			value = flowMapping(f.nested, style)
		}
		entries = append(entries, name+":"+style.space+value)
	}
	return entries
}

// addFlow writes new entries behind the last one that stays, each on a line of
// its own where the others are.
func (m mapping) addFlow(fields []field, entries []*entry, gone map[*yaml.Node]bool, way way) ([]splice, error) {
	var last *entry
	for _, e := range entries {
		if !gone[e.key] {
			last = e
		}
	}
	style := m.flowStyle()
	open := m.skipProperties(m.node, m.start(m.node))
	if open >= len(m.text) || m.text[open] != '{' {
		return nil, errLayout
	}
	separator := "," + style.space
	if len(entries) > 0 {
		e := entries[len(entries)-1]
		if prefix := m.linePrefix(e); m.lineStart(m.start(e.key)) > open && strings.Trim(prefix, " \t") == "" {
			separator = "," + m.eol + prefix
		}
	}
	added := flowEntries(fields, style)
	if last == nil || way == inFront {
		text := strings.Join(added, separator)
		if last != nil {
			text += "," + style.space
		}
		return []splice{{open + 1, open + 1, text}}, nil
	}
	at, err := m.end(last.value, -1)
	if err != nil {
		return nil, err
	}
	return []splice{{at, at, separator + strings.Join(added, separator)}}, nil
}

// removeFlow takes entries away, each run of them with the commas that are no
// longer needed.
func (m mapping) removeFlow(gone map[*yaml.Node]bool) ([]splice, error) {
	entries := entriesOf(m.node)
	var splices []splice
	for i := 0; i < len(entries); i++ {
		if !gone[entries[i].key] {
			continue
		}
		run := i
		for i+1 < len(entries) && gone[entries[i+1].key] {
			i++
		}
		at := m.start(entries[run].key)
		end, err := m.end(entries[i].value, -1)
		if err != nil {
			return nil, err
		}
		switch comma := m.commaBehind(end); {
		case i+1 < len(entries):
			end = m.start(entries[i+1].key)
		case run > 0:
			if at, err = m.end(entries[run-1].value, -1); err != nil {
				return nil, err
			}
		case comma >= 0:
			end = comma + 1
		}
		if !strings.Contains(m.text[at:end], "#") {
			splices = append(splices, splice{at, end, ""})
			continue
		}
		apart, err := m.removeApart(entries, run, i)
		if err != nil {
			return nil, err
		}
		splices = append(splices, apart...)
	}
	return splices, nil
}

// removeApart takes a run of entries away but leaves the comments and line
// breaks between them.
func (m mapping) removeApart(entries []*entry, first, last int) ([]splice, error) {
	var splices []splice
	trailing := false // a comma stands behind the run
	for _, e := range entries[first : last+1] {
		end, err := m.end(e.value, -1)
		if err != nil {
			return nil, err
		}
		splices = append(splices, splice{m.start(e.key), end, ""})
		comma := m.commaBehind(end)
		if trailing = comma >= 0; trailing {
			splices = append(splices, splice{comma, comma + 1, ""})
		}
	}
	if first > 0 && !trailing {
		end, err := m.end(entries[first-1].value, -1)
		if err != nil {
			return nil, err
		}
		if comma := m.commaBehind(end); comma >= 0 {
			splices = append(splices, splice{comma, comma + 1, ""})
		}
	}
	return splices, nil
}

// commaBehind returns the offset of the comma that follows an offset, or -1.
func (m mapping) commaBehind(at int) int {
	if at = m.skipSpace(at); at < len(m.text) && m.text[at] == ',' {
		return at
	}
	return -1
}
