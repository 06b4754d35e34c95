package texts

import (
	"net/netip"
	"strings"
)

// maxName is the longest DNS name.
// Source: https://datatracker.ietf.org/doc/html/rfc1035#section-2.3.4
const maxName = 253

// parseHost reads an IPv4 address, an IPv6 address in brackets, or a name. A
// name has a letter, in its last label too, so that versions (1.2.3, v1.2.3) and
// times (12:30) are none. Short names ("redis") and underscores (as in Compose)
// are accepted.
func parseHost(text string) (Found, bool) {
	if inner, ok := strings.CutPrefix(text, "["); ok {
		inner, ok = strings.CutSuffix(inner, "]")
		ip, err := netip.ParseAddr(inner)
		return Found{IP: ip.WithZone("").Unmap()}, ok && err == nil && ip.Is6()
	}
	if len(text) > maxName+1 {
		return Found{}, false
	}
	text = strings.TrimSuffix(text, ".")
	if text == "" || len(text) > maxName {
		return Found{}, false
	}
	letter, upper, digits := false, false, false // digits: nothing else since the last dot
	previous := byte('.')
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case 'a' <= c && c <= 'z':
			letter, digits = true, false
		case 'A' <= c && c <= 'Z':
			letter, upper, digits = true, true, false
		case '0' <= c && c <= '9':
		case c == '_', c == '-' && previous != '.':
			digits = false
		case c == '.' && previous != '.' && previous != '-':
			digits = true
		default:
			return Found{}, false
		}
		previous = c
	}
	if previous == '-' {
		return Found{}, false
	}
	if !letter {
		ip, err := netip.ParseAddr(text)
		return Found{IP: ip}, err == nil
	}
	if digits {
		return Found{}, false
	}
	if upper {
		text = strings.ToLower(text)
	}
	return Found{Host: text}, true
}

// parseHostPort reads host or host:port. Without a port the default counts; 0
// means that there is none.
func parseHostPort(text string, byDefault uint16) (Found, bool) {
	host, port := text, byDefault
	if i := strings.LastIndexByte(text, ':'); i > strings.LastIndexByte(text, ']') {
		var ok bool
		if port, ok = parsePort(text[i+1:]); !ok {
			return Found{}, false
		}
		host = text[:i]
	}
	a, ok := parseHost(host)
	a.Port = port
	return a, ok && port != 0
}

// parsePort reads 1-65535 without leading zeros.
func parsePort(text string) (uint16, bool) {
	if text == "" || len(text) > 5 || text[0] == '0' {
		return 0, false
	}
	n := 0
	for i := 0; i < len(text); i++ {
		if text[i] < '0' || text[i] > '9' {
			return 0, false
		}
		n = n*10 + int(text[i]-'0')
	}
	return uint16(n), n <= 65535
}

// isNameByte reports whether c may stand in a name or an IPv4 address.
func isNameByte(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '.' || c == '_'
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
