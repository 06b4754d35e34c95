package texts

import (
	"strings"

	"github.com/holdfast-mesh/holdfast/rules/evidence/form"
	"github.com/holdfast-mesh/holdfast/rules/evidence/vocabulary"
)

// text finds every address in a text. It goes from colon to colon, and never
// looks further back or ahead than a name is long, so it takes linear time.
func (r *Reader) text(value string, has marks) {
	ahead := lookahead{value: value}
	if has&markParenthesis != 0 {
		r.goDSN(value)
	}
	done := 0 // what lies before belongs to an authority already read
	for pos := 0; !r.Sink.Full(); {
		i := strings.IndexByte(value[pos:], ':')
		if i < 0 {
			break
		}
		at := pos + i
		if strings.HasPrefix(value[at:], "://") {
			pos, done = r.url(&ahead, at, done)
			continue
		}
		r.colon(&ahead, at)
		pos = at + 1
	}
	if has&markPlaceholder != 0 {
		r.placeholders(value)
	}
	if has&(markPlaceholder|markLine) != 0 {
		r.structured(value)
	}
	if has&markPlus != 0 {
		r.records(value)
	}
	if has&markRedirect != 0 {
		r.devices(value)
	}
	flags := has&markSpace != 0 && isCommandLine(value) || strings.HasPrefix(value, "-")
	if flags {
		r.commandLine(value)
	}
	if has&(markRedirect|markBracket) != 0 && has&markEquals != 0 {
		r.quotedKeys(value)
	}
	if has&markEquals != 0 {
		r.keyValues(value, flags)
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
func (r *Reader) colon(ahead *lookahead, at int) {
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
	if start == at || !startsHost(value, start) && !r.isLabelled(value, start) {
		return
	}
	a, ok := parseHost(value[start:at])
	if !ok || isDate(a.Host) {
		return
	}
	key, secret := keyBefore(value, start)
	if secret {
		return
	}
	a.Port, a.Form, a.Hidden = port, form.HostPort, ahead.exposed(end) || afterLogin(value, start)
	if r.tell(&a, key) {
		r.add(a)
	}
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
// an "=", after credentials, after "//", behind the protocol that finds it
// ("dns+cache:11211", of Thanos and its kin), but not within a path, an image's name
// or a list of numbers.
func startsHost(value string, start int) bool {
	if start == 0 {
		return true
	}
	switch value[start-1] {
	case ' ', '\t', '\n', '\r', ',', ';', '=', '@', '(', '"', '\'', '`', '|', '<', '>', '[', '&', '?':
		return true
	case '{':
		return start < 2 || value[start-2] != '$' // ${PORT:6379} is no address
	case '+':
		return hasWord(value[:start-1], "dns") || hasWord(value[:start-1], "dnssrv") || hasWord(value[:start-1], "dnssrvnoa")
	case '/':
		return start > 1 && value[start-2] == '/'
	case ':':
		// "tcp:db:1433", Pulsar's "zk:zoo:2181", "0:pg-0:5432,1:pg-1:5432"
		return hasWord(value[:start-1], "tcp") || hasWord(value[:start-1], "zk") || isNumbered(value[:start-1])
	}
	return false
}

// isDate reports whether a host is the beginning of a time: "2024-01-01t12".
func isDate(host string) bool {
	return len(host) == len("2024-01-01t12") && isDigit(host[0]) && host[4] == '-' && host[7] == '-' && host[10] == 't'
}

// hasWord reports whether a text ends with a word in any case of letters.
func hasWord(before, word string) bool {
	n := len(before) - len(word)
	return n >= 0 && strings.EqualFold(before[n:], word) && (n == 0 || !isNameByte(before[n-1]))
}

// isLabelled reports whether the text before a host is what Redis Commander puts there:
// REDIS_HOSTS=local:cache:6379.
// Source: https://github.com/joeferner/redis-commander#docker
func (r *Reader) isLabelled(value string, start int) bool {
	if value[start-1] != ':' || !vocabulary.EndsWith(r.named.name, "redis_hosts") {
		return false
	}
	n := start - 1
	for n > 0 && start-n < longestScheme && isNameByte(value[n-1]) {
		n--
	}
	return n < start-1 && (n == 0 || value[n-1] == ',')
}

// isNumbered reports whether a text ends with the number of an item in a list.
func isNumbered(before string) bool {
	n := len(before)
	for n > 0 && len(before)-n < 3 && isDigit(before[n-1]) {
		n--
	}
	return n < len(before) && (n == 0 || before[n-1] == ',' || before[n-1] == ' ')
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

// goDSN reads the address in Go's MySQL form, user:password@tcp(host)/db. One with a
// port is also found by colon, which does not know that it is MySQL's.
// Source: https://pkg.go.dev/github.com/go-sql-driver/mysql#readme-dsn-data-source-name
func (r *Reader) goDSN(value string) {
	const open = "@tcp("
	if !strings.Contains(value, open) { // faster than LastIndex
		return
	}
	i := strings.LastIndex(value, open)
	rest := value[i+len(open):]
	item, _, closed := strings.Cut(rest[:min(len(rest), maxName+len(".)")+len(":65535"))], ")")
	mysql := vocabulary.Kind("mysql")
	if a, ok := parseHostPort(item, mysql.Port); ok && closed {
		a.Kind, a.Form = mysql.Kind, form.GoDSN
		a.Hidden = strings.Contains(rest, "@")
		r.add(a)
	}
}
