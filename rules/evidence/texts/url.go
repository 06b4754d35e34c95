package texts

import (
	"strings"

	"github.com/holdfast-mesh/holdfast/rules/evidence/form"
	"github.com/holdfast-mesh/holdfast/rules/evidence/vocabulary"
)

// longestScheme bounds the way back from "://" ("jdbc:mysql:loadbalance").
const longestScheme = 64

// url reads the hosts of a URL whose "://" is at a position. It returns where to
// go on, and where the next scheme may start at the earliest. What follows the
// authority is read as any text, because a password that was not escaped
// ("p/w", "a?b") makes the real host stand there.
func (r *Reader) url(ahead *lookahead, at, floor int) (next, nextFloor int) {
	value := ahead.value
	scheme := at
	for scheme > floor && at-scheme < longestScheme && isSchemeByte(value[scheme-1]) {
		scheme--
	}
	start := at + len("://")
	end := start
	for end < len(value) {
		if c := value[end]; c == '$' || c == '{' {
			if n, _, _ := placeholder(value[end:]); n > 0 {
				end += n
				continue
			}
		}
		if endsAuthority(value[end]) {
			break
		}
		end++
	}
	authority := value[start:end]
	next, nextFloor = end, end
	// "amqp://a,amqp://b": the second scheme's colon ends the first authority.
	if value[end-1] == ':' {
		next, nextFloor = end-1, start
	}
	key, secret := keyBefore(value, scheme)
	if secret {
		return next, nextFloor
	}
	hidden := ahead.exposed(next)
	if i := strings.LastIndexByte(authority, '@'); i >= 0 {
		authority = authority[i+1:]
	}
	means, isHTTP := vocabulary.Scheme(value[scheme:at])
	for item := range hostItems(authority) {
		if r.Sink.Full() {
			break
		}
		a, ok := parseHostPort(item, means.Port)
		if !ok && hasPlaceholder(item) {
			rest := ""
			if a, rest, ok = parseUnresolved(item); rest == "" && a.Port == 0 && !strings.Contains(item, ":") {
				a.Port = means.Port
			}
			ok = ok && (a.Port != 0 || means.Kind != "" || a.Kind != "")
		}
		if ok {
			if means.Kind != "" || a.Kind == "" {
				a.Kind, a.Form = means.Kind, form.URL
			}
			a.HTTP, a.Hidden = isHTTP, hidden
			if r.tell(&a, key) {
				r.add(a)
			}
		}
	}
	return next, nextFloor
}

func isSchemeByte(c byte) bool {
	return isNameByte(c) && c != '_' || c == '+' || c == ':'
}

// endsAuthority lists what ends an authority in URLs and in the texts around
// them. A comma does not: it separates hosts.
func endsAuthority(c byte) bool {
	switch c {
	case '/', '?', '#', ';', '\\', '"', '\'', '`', '<', '>', '|', '(', ')', '{', '}':
		return true
	}
	return c <= ' ' || c == 0x7f
}
