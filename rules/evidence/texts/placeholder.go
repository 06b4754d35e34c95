package texts

import (
	"strings"

	"github.com/holdfast-mesh/holdfast/rules/evidence/form"
	"github.com/holdfast-mesh/holdfast/rules/evidence/vocabulary"
)

// longestPlaceholder bounds the search for the end of one.
const longestPlaceholder = 128

// placeholder reads what stands for a value at the start of a text: $NAME, $(NAME),
// ${NAME}, ${NAME:-default} as shells have it, ${NAME:default} as Spring has it,
// {{ .Values.name }}. It returns its length, 0 if there is none.
func placeholder(text string) (length int, name, byDefault string) {
	text = text[:min(len(text), longestPlaceholder)]
	if strings.HasPrefix(text, "{{") {
		if end := strings.Index(text, "}}"); end > 0 {
			return end + len("}}"), strings.Trim(text[len("{{"):end], " -."), ""
		}
		return 0, "", ""
	}
	if len(text) < 2 || text[0] != '$' {
		return 0, "", ""
	}
	end := 1
	switch text[1] {
	case '{', '(':
		closing := byte('}')
		if text[1] == '(' {
			closing = ')'
		}
		i := strings.IndexByte(text, closing)
		if i < 0 || strings.ContainsAny(text[:i], " \t\n\"'") {
			return 0, "", ""
		}
		name, byDefault, _ = strings.Cut(text[2:i], ":")
		return i + 1, name, strings.TrimPrefix(byDefault, "-")
	}
	for end < len(text) && (isNameByte(text[end]) && text[end] != '-' && text[end] != '.') {
		end++
	}
	if end == 1 {
		return 0, "", ""
	}
	return end, text[1:end], ""
}

// hasPlaceholder is a cheap look at a text.
func hasPlaceholder(text string) bool {
	return strings.IndexByte(text, '$') >= 0 || strings.Contains(text, "{{")
}

// parseUnresolved reads a host that has a placeholder in it, and its port, as far as it
// is known: "${DB_HOST}:5432", "redis-$ENV:$PORT". It returns what follows.
func parseUnresolved(text string) (f Found, rest string, ok bool) {
	end, name := 0, ""
	for end < len(text) && end <= maxName {
		if n, called, _ := placeholder(text[end:]); n > 0 {
			end, name, f.Unresolved = end+n, called, true
			continue
		}
		if !isNameByte(text[end]) {
			break
		}
		end++
	}
	rest = text[end:]
	if !f.Unresolved {
		return f, rest, false
	}
	// The placeholder may say by its own name what it stands for.
	if n := vocabulary.Read(name); n.Address {
		f.Kind, f.Form = n.Kind, form.KindVariable
	}
	if !strings.HasPrefix(rest, ":") {
		return f, rest, true
	}
	after := rest[1:]
	if n, _, byDefault := placeholder(after); n > 0 {
		f.Port, _ = parsePort(byDefault)
		return f, after[n:], true
	}
	end = 0
	for end < len(after) && isDigit(after[end]) && end <= len("65535") {
		end++
	}
	port, isPort := parsePort(after[:end])
	f.Port = port
	return f, after[end:], isPort && endsPort(after, end)
}

// placeholders finds hosts with ports in a text, of which the host is not known. Those
// of URLs are found by url.
func (r *Reader) placeholders(value string) {
	ahead := lookahead{value: value}
	for pos := 0; pos < len(value) && !r.Sink.Full(); {
		at := pos
		for at < len(value) && value[at] != '$' && value[at] != '{' {
			at++
		}
		if n, _, _ := placeholder(value[at:]); n == 0 {
			pos = at + 1
			continue
		}
		start := at
		for start > pos && isNameByte(value[start-1]) {
			start--
		}
		f, rest, ok := parseUnresolved(value[start:])
		pos = len(value) - len(rest)
		if !ok || f.Port == 0 && f.Kind == "" || !strings.Contains(value[at:pos], ":") || !startsHost(value, start) || strings.HasSuffix(value[:start], "//") || strings.HasSuffix(value[:start], "@") {
			continue
		}
		key, secret := keyBefore(value, start)
		if secret {
			continue
		}
		if f.Form == "" {
			f.Form = form.HostPort
		}
		if f.Hidden = ahead.exposed(pos); r.tell(&f, key) {
			r.add(f)
		}
	}
}
