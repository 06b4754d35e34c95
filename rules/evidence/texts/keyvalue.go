package texts

import (
	"strings"

	"github.com/holdfast-mesh/holdfast/rules/evidence/vocabulary"
)

// keyValues reads connection strings and options: "host=db port=5432",
// "Server=db,1433;Database=shop", "(HOST=db)(PORT=1521)",
// "(host=db,port=3306)". withoutFlags leaves out names that start with a dash:
// they belong to commandLine.
func (r *Reader) keyValues(value string, withoutFlags bool) {
	kept := len(r.pairs)
	semicolons := strings.Contains(value, ";")
	hasHost, inParentheses := false, false
	var keys vocabulary.Keys
	for rest := value; rest != "" && len(r.pairs)-kept < MaxSearches; {
		end := 0
		for end < len(rest) && !endsPair(rest[end], semicolons) && (rest[end] != ',' || !inParentheses) {
			end++
		}
		item := rest[:end]
		if rest = rest[end:]; rest != "" {
			inParentheses = rest[0] == '(' || inParentheses && rest[0] != ')'
			rest = rest[1:]
		}
		name, text, ok := strings.Cut(item, "=")
		if !ok {
			continue
		}
		name, text = trimQuotes(name), trimQuotes(text)
		if withoutFlags && strings.HasPrefix(name, "-") {
			continue
		}
		keys.Add(name, text)
		hasHost = r.keep(name, text) || hasHost
	}
	if hasHost {
		r.dialect, r.scheme = keys.Kind(), schemeOf(value)
		r.joinFrom(kept)
		r.dialect, r.scheme = "", ""
	}
	r.pairs = r.pairs[:kept]
}

// schemeOf says which middleware a connection string is for that begins with a scheme and
// has its host among its keys: "postgres:///shop?host=db", "jdbc:mysql://(host=db)/shop".
func schemeOf(value string) string {
	i := strings.Index(value[:min(len(value), longestScheme)], "://")
	if i < 0 {
		return ""
	}
	m, _ := vocabulary.Scheme(value[:i])
	return m.Kind
}

func endsPair(c byte, semicolons bool) bool {
	if semicolons {
		return c == ';' || c == '(' || c == ')'
	}
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '&' || c == '?' || c == '(' || c == ')'
}

// trimQuotes is strings.Trim of blanks and quotes; nearly no text has any.
func trimQuotes(text string) string {
	for text != "" && isQuote(text[0]) {
		text = text[1:]
	}
	for text != "" && isQuote(text[len(text)-1]) {
		text = text[:len(text)-1]
	}
	return text
}

func isQuote(c byte) bool { return c == ' ' || c == '"' || c == '\'' }

// quotedKeys reads settings as Ruby and PHP have them: rails['db_host'] = "db",
// 'host' => 'db'.
func (r *Reader) quotedKeys(value string) {
	kept := len(r.pairs)
	for rest, before := value, 0; len(r.pairs)-kept < MaxSearches; {
		i := strings.IndexByte(rest, '=')
		if i < 0 {
			break
		}
		after := rest[i+1:]
		left := value[before : before+i]
		arrow := strings.HasPrefix(after, ">")
		if arrow {
			after = after[1:]
		}
		if key := quotedKey(left, arrow); key != "" {
			if text := quotedValue(after); text != "" {
				r.keep(key, text)
			}
		}
		before, rest = len(value)-len(after), after
	}
	r.joinFrom(kept)
}

// quotedKey is the key at the end of a text, in quotes, and in brackets too unless an
// arrow follows; nothing if there is none.
func quotedKey(text string, arrow bool) string {
	text = strings.TrimRight(text[max(0, len(text)-longestScheme):], " \t")
	if !arrow {
		inner, ok := strings.CutSuffix(text, "]")
		if !ok {
			return ""
		}
		text = inner
	}
	if text == "" || text[len(text)-1] != '\'' && text[len(text)-1] != '"' {
		return ""
	}
	quote := text[len(text)-1]
	text = text[:len(text)-1]
	return text[strings.LastIndexByte(text, quote)+1:]
}

// quotedValue is the text in quotes, or the number, at the start of a text.
func quotedValue(text string) string {
	text = strings.TrimLeft(text[:min(len(text), maxName)], " \t")
	if text == "" {
		return ""
	}
	if quote := text[0]; quote == '\'' || quote == '"' {
		inner, _, ok := strings.Cut(text[1:], string(quote))
		if !ok {
			return ""
		}
		return inner
	}
	end := 0
	for end < len(text) && isDigit(text[end]) {
		end++
	}
	return text[:end]
}
