package evidence

import "strings"

// pair is a variable, a flag or a key, called as a host or a port may be, with
// its value.
type pair struct {
	name, value string
	kind        sourceKind // as of its source, which is in the container that is being read
	index       int
	prefix      string // the name without its ending
	ending      nameEnding
}

// keep keeps what may be a host, or say which port belongs to one. It reports
// whether it is a host.
func (s *scanner) keep(name, value string) (host bool) {
	for _, e := range endingsOf(name) {
		if !endsWith(name, e.text) {
			continue
		}
		prefix := name[:len(name)-len(e.text)]
		if !e.word || prefix != "" && !isLetter(prefix[len(prefix)-1]) {
			s.pairs = append(s.pairs, pair{name: name, value: value, kind: s.source.kind, index: s.source.index, prefix: prefix, ending: e})
			return e.host
		}
	}
	return false
}

// keepVariable keeps an environment variable. One called just HOST or the like
// is the pod's own; a flag or a key of a connection string called so is not.
func (s *scanner) keepVariable(name, value string) {
	kept := len(s.pairs)
	if s.keep(name, value) && s.pairs[kept].prefix == "" {
		s.pairs = s.pairs[:kept]
	}
}

// joinPairs finds hosts whose port stands in a pair of its own: REDIS_HOST and
// REDIS_PORT, --db-host and --db-port, host and port. Without such a port, a
// name of middleware in the host's name gives its default (REDIS_HOST=cache).
func (s *scanner) joinPairs() {
	for i := range s.pairs {
		p := &s.pairs[i]
		if !p.ending.host || !mayBeHosts(p.value) || p.ending.word && strings.Contains(p.value, ":") {
			continue
		}
		if s.searches == maxSearches {
			s.unsearched = true
		}
		if s.full() || s.unsearched {
			return
		}
		s.searches++
		s.source.kind, s.source.index = p.kind, p.index
		port, means, own := s.portBeside(p.prefix, i)
		form := s.form
		if !own && form == FormHostPortVariables {
			form = FormKindVariable
		}
		s.hosts(p.value, Address{Port: port, Kind: means.kind, Form: form}, own)
	}
}

// joinFrom joins the pairs from one on and forgets them: those of one text
// belong together, and to no other.
func (s *scanner) joinFrom(kept int) {
	outer, outerForm := s.pairs, s.form
	s.pairs, s.form = s.pairs[kept:], FormKeyValues
	s.joinPairs()
	s.pairs, s.form = outer[:kept], outerForm
}

// endingsOf returns the endings that a name may have, by its last letter.
func endingsOf(name string) []nameEnding {
	if name == "" {
		return nil
	}
	last := (name[len(name)-1] | 0x20) - 'a'
	if int(last) >= len(nameEndings) {
		return nil
	}
	return nameEndings[last]
}

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

// nameEnding is how a name ends that holds a host, or a port or the like. With
// word it counts only where no letter stands before it (REDIS_IP, but not
// REDIS_ZIP), and only for values that are plain hosts: most of those names hold
// URLs and host:port.
type nameEnding struct {
	text string
	host bool
	word bool
}

// nameEndings are ordered by their last letter, longer ones first.
var nameEndings = func() (table ['z' - 'a' + 1][]nameEnding) {
	for _, list := range []struct {
		host, word bool
		texts      []string
	}{
		{true, false, []string{"hostname", "host_name", "servername", "data source", "hostaddr", "address", "server", "hosts", "addr", "host"}},
		{true, true, []string{"endpoints", "endpoint", "servers", "brokers", "nodes", "uri", "url", "ip"}},
		{false, false, []string{"number", "port", dbName}},
	} {
		for _, text := range list.texts {
			last := text[len(text)-1] - 'a'
			table[last] = append(table[last], nameEnding{text, list.host, list.word})
		}
	}
	return table
}()

// dbName is libpq's key of the database.
const dbName = "dbname"

// mayBeHosts is a cheap look at a value: a host, or a list of them. Values with
// a port of their own were found already.
func mayBeHosts(value string) bool {
	return value != "" && len(value) <= 4*maxName && (isNameByte(value[0]) || value[0] == '[') && value[0] != '-'
}

// portBeside finds the port that belongs to the host in pair i: PREFIX_PORT, or
// for REDIS_SERVICE_HOST also REDIS_PORT, or the default of the middleware that
// the prefix names. own says that it is not a default.
func (s *scanner) portBeside(prefix string, i int) (port uint16, means meaning, own bool) {
	means = vocabulary.word(prefix)
	if port, ok := s.portNamed(prefix, i); ok {
		return port, means, true
	}
	const service = "service_"
	if endsWith(prefix, service) {
		if port, ok := s.portNamed(prefix[:len(prefix)-len(service)], i); ok {
			return port, means, true
		}
	}
	// libpq: "host=db dbname=shop" means its own default.
	// Source: https://www.postgresql.org/docs/current/libpq-connect.html
	if prefix == "" {
		for i := range s.pairs {
			if strings.EqualFold(s.pairs[i].name, dbName) {
				means = vocabulary.word("postgresql")
			}
		}
	}
	return means.port, means, false
}

// portNamed finds the nearest port after pair i, else the first before it: a
// text may hold several hosts with ports.
func (s *scanner) portNamed(prefix string, i int) (uint16, bool) {
	if port := findPort(s.pairs[i:], prefix); port != 0 {
		return port, true
	}
	port := findPort(s.pairs[:i], prefix)
	return port, port != 0
}

func findPort(pairs []pair, prefix string) uint16 {
	for i := range pairs {
		p := &pairs[i]
		if len(p.name) < len(prefix)+len("port") || p.name[len(p.name)-1]|0x20 != 't' && p.name[len(p.name)-1]|0x20 != 'r' ||
			p.name[:len(prefix)] != prefix || !isPortEnding(p.name[len(prefix):]) {
			continue
		}
		first, _, _ := strings.Cut(p.value, ",")
		if port, ok := parsePort(strings.TrimSpace(first)); ok {
			return port
		}
	}
	return 0
}

// isPortEnding reports whether what follows the prefix of a name makes it a port's.
func isPortEnding(ending string) bool {
	switch len(ending) {
	case len("port"):
		return strings.EqualFold(ending, "port")
	case len("portnumber"):
		return strings.EqualFold(ending, "portnumber")
	case len("port_number"):
		return strings.EqualFold(ending, "port_number")
	case len("service_port"):
		return strings.EqualFold(ending, "service_port")
	}
	return false
}

// hosts reads a host, or a comma list of hosts, that have no port of their own; shown
// is what is known of them.
// In "Server=tcp:db,1433" the list's second item is the port.
// Source: https://learn.microsoft.com/en-us/dotnet/api/microsoft.data.sqlclient.sqlconnection.connectionstring
//
// In "tls://cache" the scheme is cut off if the port is the host's own: the
// default of a scheme that has one was found by url.
func (s *scanner) hosts(value string, shown Address, own bool) {
	value = strings.TrimSpace(value)
	if scheme, rest, ok := strings.Cut(value, ":"); ok && strings.EqualFold(scheme, "tcp") {
		value = rest
	}
	if host, rest, ok := strings.Cut(value, ","); ok {
		if p, ok := parsePort(strings.TrimSpace(rest)); ok {
			value, shown.Port = host, p
		}
	}
	value, _, _ = strings.Cut(value, `\`) // an instance of SQL Server
	if scheme, rest, ok := strings.Cut(value, "://"); ok && own && !strings.ContainsAny(scheme, ",=") && !strings.Contains(rest, "@") {
		value, _, _ = strings.Cut(rest, "/")
	}
	if shown.Port == 0 {
		return
	}
	for item := range hostItems(value) {
		item = strings.TrimSpace(item)
		a, ok := parseHost(item)
		if !ok && strings.Contains(item, ":") {
			a, ok = parseHost("[" + item + "]") // IPv6 needs no brackets here
		}
		if ok && a.Host != "true" && a.Host != "false" {
			shown.Host, shown.IP = a.Host, a.IP
			s.add(shown)
		}
	}
}
