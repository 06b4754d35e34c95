package settings

import "strings"

// lineReader reads names with values, one on a line. Indentation puts keys into keys, as
// in YAML; "[name]" puts the lines that follow into a section, as in ini and TOML.
type lineReader struct {
	text    string
	yield   func(name, value string) bool
	loose   bool // blanks part names and values
	section string
	outer   []outer
}

// outer is a key with keys in it.
type outer struct {
	indent int
	name   string // with those around it
}

func (r *lineReader) read() {
	for at := 0; at < len(r.text); {
		end := at + strings.IndexByte(r.text[at:], '\n')
		if end < at {
			end = len(r.text)
		}
		next, more := r.line(at, end)
		if !more {
			return
		}
		at = next
	}
}

// line reads one line, and returns where the next one begins.
func (r *lineReader) line(start, end int) (next int, more bool) {
	next = end + 1
	line := r.text[start:end]
	content := strings.TrimLeft(line, " \t")
	indent := len(line) - len(content)
	content = strings.TrimRight(content, " \t\r")
	for strings.HasPrefix(content, "- ") { // an item of a list, or its first key
		inner := strings.TrimLeft(content[len("- "):], " \t")
		r.leave(indent + 1)
		indent += len(content) - len(inner)
		content = inner
	}
	if content == "" || strings.IndexByte("#;!%", content[0]) >= 0 || strings.HasPrefix(content, "//") || strings.HasPrefix(content, "---") || strings.HasPrefix(content, "{{") {
		return next, true
	}
	if name, ok := r.sectionName(content); ok {
		r.section, r.outer = name, r.outer[:0]
		return next, true
	}
	name, value, nests := r.cut(content)
	r.leave(indent)
	full := r.name()
	if name != "" {
		full = join(full, name)
	}
	if len(full) > maxName {
		full = ""
	}
	switch value = trimValue(value); {
	case name != "" && nests && isBlock(value):
		if len(r.outer) < maxDepth {
			r.outer = append(r.outer, outer{indent, full})
		}
	case isFlow(value, nests):
		at := start + strings.Index(line, value)
		f := flowReader{text: r.text, at: at, yield: r.yield}
		if !f.value(full, 0) {
			return 0, false
		}
		if f.at > end { // it goes on over lines
			next = len(r.text)
			if i := strings.IndexByte(r.text[f.at:], '\n'); i >= 0 {
				next = f.at + i + 1
			}
		}
	case value != "" && len(value) <= maxValue:
		return next, r.yield(full, value)
	}
	return next, true
}

// leave forgets the keys that a line so far to the left is not in.
func (r *lineReader) leave(indent int) {
	for len(r.outer) > 0 && r.outer[len(r.outer)-1].indent >= indent {
		r.outer = r.outer[:len(r.outer)-1]
	}
}

// name is that of the keys around.
func (r *lineReader) name() string {
	if len(r.outer) > 0 {
		return r.outer[len(r.outer)-1].name
	}
	return r.section
}

// sectionName reads "[name]", TOML's "[[name]]", and "<name ...>" as fluentd has it.
func (r *lineReader) sectionName(line string) (string, bool) {
	if r.loose && line[0] == '<' && line[len(line)-1] == '>' {
		name, _, _ := strings.Cut(strings.Trim(line, "<>"), " ")
		return name, len(name) <= maxName
	}
	inner, ok := strings.CutPrefix(line, "[")
	if !ok {
		return "", false
	}
	inner, rest, ok := strings.Cut(strings.TrimPrefix(inner, "["), "]")
	if rest = strings.TrimLeft(rest, "] \t"); !ok || rest != "" && rest[0] != '#' || strings.ContainsAny(inner, ",{}") || len(inner) > maxName {
		return "", false
	}
	return strings.ReplaceAll(strings.TrimSpace(inner), `"`, ""), true
}

// cut parts a line into name and value; nests says that a value may follow on the next
// lines. Without a name, the line is a value.
func (r *lineReader) cut(line string) (name, value string, nests bool) {
	line = strings.TrimPrefix(line, "export ")
	rest := line
	if line[0] == '"' || line[0] == '\'' {
		i := strings.IndexByte(line[1:], line[0])
		if i < 0 {
			return "", line, false
		}
		name, rest = line[1:1+i], strings.TrimLeft(line[i+2:], " \t")
		switch {
		case strings.HasPrefix(rest, ":"):
			return name, rest[1:], true
		case strings.HasPrefix(rest, "="):
			return name, rest[1:], false
		}
		return "", line, false
	}
	end := 0
	for end < len(line) && isKeyByte(line[end]) {
		end++
	}
	if end == 0 || end == len(line) || end > maxName {
		return "", line, false
	}
	name, rest = line[:end], strings.TrimLeft(line[end:], " \t")
	switch {
	case rest == "":
		return "", line, false
	case rest[0] == ':' && (len(rest) == 1 || rest[1] == ' ' || rest[1] == '\t'):
		return name, rest[1:], true
	case rest[0] == '=':
		return name, strings.TrimLeft(rest[1:], "="), false
	case rest[0] == ':' && !strings.HasPrefix(rest, "://") && !startsWithDigit(rest[1:]): // as properties may have it
		return name, rest[1:], false
	case r.loose && len(rest) < len(line)-end && !strings.ContainsAny(rest, " \t"):
		return name, strings.TrimSuffix(rest, ";"), false
	}
	return "", line, false
}

func isKeyByte(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_' || c == '-' || c == '.' || c == '/' || c == '[' || c == ']'
}

func startsWithDigit(text string) bool { return text != "" && '0' <= text[0] && text[0] <= '9' }

// isBlock reports whether a value follows on the next lines: keys, or a text with lines
// of its own.
func isBlock(value string) bool {
	return value == "" || (value[0] == '|' || value[0] == '>') && len(value) <= len("|+2") || value[0] == '&' && !strings.Contains(value, " ")
}

// isFlow reports whether a value is a mapping or a list in brackets. Only where nests
// holds may it go on over lines, but for lists of TOML; "[::1]:6379" is none.
func isFlow(value string, nests bool) bool {
	switch {
	case value == "" || value[0] != '{' && value[0] != '[' || strings.HasPrefix(value, "{{") || strings.Contains(value, "]:"):
		return false
	case nests, value == "[", strings.HasPrefix(value, `["`):
		return true
	}
	last := value[len(value)-1]
	return last == ']' || last == '}'
}

// trimValue takes off what is no part of a value: blanks, a comment, quotes, an anchor.
func trimValue(value string) string {
	value = strings.TrimSpace(value)
	if value == "" {
		return ""
	}
	if c := value[0]; c == '"' || c == '\'' {
		if i := strings.IndexByte(value[1:], c); i >= 0 {
			if rest := strings.TrimLeft(value[i+2:], " \t,;"); rest == "" || rest[0] == '#' {
				return strings.TrimSpace(value[1 : 1+i])
			}
		}
		return value
	}
	if i := strings.Index(value, " #"); i >= 0 {
		value = strings.TrimSpace(value[:i])
	}
	if value != "" && (value[0] == '&' || value[0] == '!') {
		if _, rest, ok := strings.Cut(value, " "); ok {
			return trimValue(rest)
		}
	}
	return value
}
