package rules

import "strings"

// pair is a variable, a flag or a key with its value.
type pair struct {
	name, value string
	from        place
}

// Variables called just HOST and PORT are the pod's own; flags and keys of
// connection strings called so are not.
const (
	needPrefix = false
	barePrefix = true
)

// joinPairs finds hosts whose port stands in a pair of its own: REDIS_HOST and
// REDIS_PORT, --db-host and --db-port, host and port. Without such a port, a
// name of middleware in the host's name gives its default (REDIS_HOST=cache).
func (s *scanner) joinPairs(bare bool) {
	for i := range s.pairs {
		p := &s.pairs[i]
		prefix, ok := hostPrefix(p.name)
		if !ok || !bare && prefix == "" || !mayBeHosts(p.value) {
			continue
		}
		if s.full() || s.searches == maxSearches {
			return
		}
		s.searches++
		s.from = p.from
		s.hosts(p.value, s.portBeside(prefix))
	}
}

// hostPrefix takes from a name what says that its value is a host.
func hostPrefix(name string) (prefix string, ok bool) {
	if name == "" {
		return "", false
	}
	ending := ""
	switch name[len(name)-1] | 0x20 {
	case 't':
		ending = "host"
	case 'e':
		ending = "hostname"
		if endsWith(name, "data source") {
			ending = "data source"
		}
	case 'r':
		ending = "server"
		if !endsWith(name, ending) {
			ending = "addr"
		}
	case 's':
		ending = "address"
		if endsWith(name, "hosts") {
			ending = "hosts"
		}
	}
	if ending == "" || !endsWith(name, ending) {
		return "", false
	}
	return name[:len(name)-len(ending)], true
}

// mayBeHosts is a cheap look at a value: a host, or a list of them. Values with
// a port of their own were found already.
func mayBeHosts(value string) bool {
	return value != "" && len(value) <= 4*maxName && (isNameByte(value[0]) || value[0] == '[') && value[0] != '-'
}

// portBeside finds the port that belongs to a host: PREFIX_PORT, or for
// REDIS_SERVICE_HOST also REDIS_PORT, or the default of the middleware that the
// prefix names.
func (s *scanner) portBeside(prefix string) uint16 {
	if port, ok := s.portNamed(prefix); ok {
		return port
	}
	const service = "service_"
	if endsWith(prefix, service) {
		if port, ok := s.portNamed(prefix[:len(prefix)-len(service)]); ok {
			return port
		}
	}
	if port := s.vocabulary.wordPort(prefix); port != 0 {
		return port
	}
	// libpq: "host=db dbname=shop" means its own default.
	// Source: https://www.postgresql.org/docs/current/libpq-connect.html
	if prefix == "" {
		for i := range s.pairs {
			if strings.EqualFold(s.pairs[i].name, "dbname") {
				return s.vocabulary.wordPort("postgresql")
			}
		}
	}
	return 0
}

func (s *scanner) portNamed(prefix string) (uint16, bool) {
	const ending = "port"
	for i := range s.pairs {
		name := s.pairs[i].name
		if len(name) != len(prefix)+len(ending) || name[:len(prefix)] != prefix || !strings.EqualFold(name[len(prefix):], ending) {
			continue
		}
		first, _, _ := strings.Cut(s.pairs[i].value, ",")
		if port, ok := parsePort(strings.TrimSpace(first)); ok {
			return port, true
		}
	}
	return 0, false
}

// hosts reads a host, or a comma list of hosts, that have no port of their own.
// In "Server=tcp:db,1433" the list's second item is the port.
// Source: https://learn.microsoft.com/en-us/dotnet/api/microsoft.data.sqlclient.sqlconnection.connectionstring
func (s *scanner) hosts(value string, port uint16) {
	value = strings.TrimSpace(value)
	if len(value) > len("tcp:") && strings.EqualFold(value[:len("tcp:")], "tcp:") {
		value = value[len("tcp:"):]
	}
	if host, rest, ok := strings.Cut(value, ","); ok {
		if p, ok := parsePort(strings.TrimSpace(rest)); ok {
			value, port = host, p
		}
	}
	value, _, _ = strings.Cut(value, `\`) // an instance of SQL Server
	if port == 0 {
		return
	}
	for item := range strings.SplitSeq(value, ",") {
		if a, ok := parseHost(strings.TrimSpace(item)); ok {
			a.port = port
			s.add(a)
		}
	}
}

// keyValues reads connection strings and options: "host=db port=5432",
// "Server=db,1433;Database=shop", "(HOST=db)(PORT=1521)",
// "-Dredis.host=cache -Dredis.port=6379".
func (s *scanner) keyValues(value string) {
	kept := len(s.pairs)
	semicolons := strings.IndexByte(value, ';') >= 0
	hasHost := false
	for rest := value; rest != "" && len(s.pairs)-kept < maxSearches; {
		end := 0
		for end < len(rest) && !endsPair(rest[end], semicolons) {
			end++
		}
		item := rest[:end]
		if rest = rest[end:]; rest != "" {
			rest = rest[1:]
		}
		name, text, ok := strings.Cut(item, "=")
		if !ok {
			continue
		}
		name, text = strings.TrimSpace(name), strings.Trim(text, " \"'")
		if _, isHost := hostPrefix(name); isHost {
			hasHost = true
		}
		s.pairs = append(s.pairs, pair{name: name, value: text, from: s.from})
	}
	if hasHost {
		// Only the pairs of this text belong together.
		outer := s.pairs
		s.pairs = s.pairs[kept:]
		s.joinPairs(barePrefix)
		s.pairs = outer
	}
	s.pairs = s.pairs[:kept]
}

func endsPair(c byte, semicolons bool) bool {
	if semicolons {
		return c == ';' || c == '(' || c == ')'
	}
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '&' || c == '(' || c == ')'
}
