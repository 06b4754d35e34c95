package evidence

import "strings"

// text finds every address in a text. It goes from colon to colon, and never
// looks further back or ahead than a name is long, so it takes linear time.
func (s *scanner) text(value string) {
	ahead := lookahead{value: value}
	if strings.Contains(value, "(") {
		s.goDSN(value)
	}
	done := 0 // what lies before belongs to an authority already read
	for pos := 0; !s.full(); {
		i := strings.IndexByte(value[pos:], ':')
		if i < 0 {
			break
		}
		at := pos + i
		if strings.HasPrefix(value[at:], "://") {
			pos, done = s.url(&ahead, at, done)
			continue
		}
		s.colon(&ahead, at)
		pos = at + 1
	}
	flags := isCommandLine(value)
	if flags {
		s.commandLine(value)
	}
	if strings.Contains(value, "=") {
		s.keyValues(value, flags)
	}
}

// lookahead knows where the next "@" and the next URL of a text are. Positions are
// asked for in ascending order, so finding them takes linear time altogether.
type lookahead struct {
	value   string
	at, url int
}

// exposed reports whether what stands before pos may be part of a password: an
// "@" follows, before the next URL. Everything before an "@" can be one, since
// people put any character into passwords.
func (l *lookahead) exposed(pos int) bool {
	if l.at < pos {
		l.at = indexFrom(l.value, "@", pos)
	}
	if l.at == len(l.value) {
		return false
	}
	if l.url < pos {
		l.url = indexFrom(l.value, "://", pos)
	}
	return l.at < l.url
}

// indexFrom is strings.Index from a position on; it is len(text) if there is none.
func indexFrom(text, what string, pos int) int {
	if i := strings.Index(text[pos:], what); i >= 0 {
		return pos + i
	}
	return len(text)
}

// colon reads the host before and the port after a colon.
func (s *scanner) colon(ahead *lookahead, at int) {
	value := ahead.value
	end := at + 1
	for end < len(value) && end-at <= 5 && isDigit(value[end]) {
		end++
	}
	port, ok := parsePort(value[at+1 : end])
	if !ok || !endsPort(value, end) {
		return
	}
	start := hostStart(value, at)
	if start == at || !startsHost(value, start) {
		return
	}
	a, ok := parseHost(value[start:at])
	if !ok || isDate(a.Host) || inSecretField(value, start) {
		return
	}
	a.Port, a.Form, a.hidden = port, FormHostPort, ahead.exposed(end) || afterLogin(value, start)
	s.add(a)
}

// hostStart finds where the host that ends at the colon starts: there, if there is
// none.
func hostStart(value string, at int) int {
	if at > 0 && value[at-1] == ']' {
		const longestIP = 64
		from := max(0, at-longestIP)
		if i := strings.LastIndexByte(value[from:at], '['); i >= 0 {
			return from + i
		}
		return at
	}
	start := at
	for start > 0 && at-start <= maxName && isNameByte(value[start-1]) {
		start--
	}
	return start
}

// startsHost reports whether a host may start here: at the start of a word, after
// an "=", after credentials, after "//", but not within a path, an image's name
// or a list of numbers.
func startsHost(value string, start int) bool {
	if start == 0 {
		return true
	}
	switch value[start-1] {
	case ' ', '\t', '\n', '\r', ',', ';', '=', '@', '(', '"', '\'', '`', '|', '<', '>', '{', '[', '&', '?':
		return true
	case '/':
		return start > 1 && value[start-2] == '/'
	case ':':
		// "tcp:db:1433"
		return hasTCP(value[:start-1])
	}
	return false
}

// isDate reports whether a host is the beginning of a time: "2024-01-01t12".
func isDate(host string) bool {
	return len(host) == len("2024-01-01t12") && isDigit(host[0]) && host[4] == '-' && host[7] == '-' && host[10] == 't'
}

func hasTCP(before string) bool {
	n := len(before) - len("tcp")
	return n >= 0 && strings.EqualFold(before[n:], "tcp") && (n == 0 || !isNameByte(before[n-1]))
}

// endsPort reports whether a port may end here. A letter, a dash or a percent sign
// makes it something else (an image's tag, a password), so does "@". One more
// item may follow, as a SID or a weight does, but not two: that is an IPv6
// address or a MAC.
func endsPort(value string, end int) bool {
	if end == len(value) {
		return true
	}
	switch c := value[end]; c {
	case '@', '-', '_', '%', '$':
		return false
	case '.':
		return end+1 == len(value) || !isNameByte(value[end+1])
	case ':':
		const longestItem = 64
		i := end + 1
		for i < len(value) && i-end <= longestItem && isNameByte(value[i]) {
			i++
		}
		return i == len(value) || value[i] != ':' && value[i] != '@'
	default:
		return !isNameByte(c)
	}
}

// goDSN reads the address without a port in Go's MySQL form,
// user:password@tcp(host)/db. With a port, colon finds it.
// Source: https://pkg.go.dev/github.com/go-sql-driver/mysql#readme-dsn-data-source-name
func (s *scanner) goDSN(value string) {
	const open = "@tcp("
	if !strings.Contains(value, open) { // faster than LastIndex
		return
	}
	i := strings.LastIndex(value, open)
	rest := value[i+len(open):]
	host, _, closed := strings.Cut(rest[:min(len(rest), maxName+2)], ")")
	means, ok := lookUp(vocabulary.words, "mysql")
	if a, isHost := parseHost(host); ok && closed && isHost {
		a.Port, a.Kind, a.Form = means.port, means.kind, FormGoDSN
		a.hidden = strings.Contains(rest, "@")
		s.add(a)
	}
}
