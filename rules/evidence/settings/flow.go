package settings

import "strings"

// flowReader reads JSON and what YAML and TOML have of its kind: {a: [b, "c"], d = e}.
type flowReader struct {
	text  string
	at    int
	yield func(name, value string) bool
}

// value reads what stands at a place: a mapping, a list, or a text. It reports whether
// more is wanted.
func (f *flowReader) value(name string, depth int) bool {
	f.blanks()
	if f.at == len(f.text) {
		return true
	}
	switch c := f.text[f.at]; {
	case (c == '{' || c == '[') && depth == maxDepth:
		f.at = len(f.text) // nobody writes this
		return true
	case c == '{':
		return f.items('}', func() bool {
			key := f.scalar(true)
			f.blanks()
			if f.at == len(f.text) || f.text[f.at] != ':' && f.text[f.at] != '=' {
				return true // "{a, b}"
			}
			f.at++
			inner := join(name, key)
			if len(inner) > maxName {
				inner = ""
			}
			return f.value(inner, depth+1)
		})
	case c == '[':
		return f.items(']', func() bool { return f.value(name, depth+1) })
	}
	value := f.scalar(false)
	if value == "" || len(value) > maxValue {
		return true
	}
	return f.yield(name, value)
}

// items reads what stands between brackets.
func (f *flowReader) items(end byte, read func() bool) bool {
	f.at++
	for {
		f.blanks()
		if f.at == len(f.text) {
			return true
		}
		switch c := f.text[f.at]; c {
		case end:
			f.at++
			return true
		case ',', '}', ']', ':':
			f.at++
		default:
			if !read() {
				return false
			}
		}
	}
}

// scalar reads a text with or without quotes; a key ends at its colon.
func (f *flowReader) scalar(key bool) string {
	start := f.at
	if c := f.text[start]; c == '"' || c == '\'' {
		escaped := false
		for f.at++; f.at < len(f.text) && f.text[f.at] != c; f.at++ {
			if c == '"' && f.text[f.at] == '\\' {
				f.at, escaped = f.at+1, true
			}
		}
		end := min(f.at, len(f.text))
		f.at = min(end+1, len(f.text))
		if escaped && end-start <= maxValue {
			return unescape.Replace(f.text[start+1 : end])
		}
		return f.text[start+1 : end]
	}
	for ; f.at < len(f.text); f.at++ {
		c := f.text[f.at]
		if c == ',' || c == '}' || c == ']' || c == '\n' || key && (c == ':' || c == '=') {
			break
		}
	}
	if f.at == start { // a bracket that nothing opened
		f.at++
	}
	return strings.TrimSpace(f.text[start:min(f.at, len(f.text))])
}

// unescape replaces what stands in JSON for characters that addresses have.
var unescape = strings.NewReplacer(`\"`, `"`, `\\`, `\`, `\/`, `/`, `\n`, "\n", `\t`, "\t", `\u0026`, "&", `\u003d`, "=")

func (f *flowReader) blanks() {
	for f.at < len(f.text) && strings.IndexByte(" \t\r\n", f.text[f.at]) >= 0 {
		f.at++
	}
}
