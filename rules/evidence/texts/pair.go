package texts

import (
	"strings"

	"github.com/holdfast-mesh/holdfast/rules/evidence/form"
	"github.com/holdfast-mesh/holdfast/rules/evidence/vocabulary"
)

// pair is a variable, a flag or a key, whose name says what its value is, with its
// value.
type pair struct {
	name, value string
	prefix      string // the name without its ending
	role        vocabulary.Role
	kind        string // of a Type: what its value says; of a host: that of the client
	command     bool   // a well-known client is given it
	unknown     bool   // the value cannot be read
	place       Place
}

// keep keeps what may be a host, or say which port or middleware belongs to one. It
// reports whether it is a host.
func (r *Reader) keep(name, value string) (host bool) {
	role, prefix := vocabulary.Ending(name)
	return r.keepAs(name, value, role, prefix)
}

func isHost(role vocabulary.Role) bool {
	return role == vocabulary.Host || role == vocabulary.PlainHost
}

func (r *Reader) keepAs(name, value string, role vocabulary.Role, prefix string) (host bool) {
	kind := r.client.Kind
	switch role {
	case vocabulary.NoRole:
		return false
	case vocabulary.Type, vocabulary.Database:
		if kind, _ = vocabulary.TypeOf(value); kind == "" {
			return false
		}
		r.types++
	}
	r.pairs = append(r.pairs, pair{name: name, value: value, prefix: prefix, role: role, kind: kind, command: r.client.is, place: r.Place})
	return isHost(role)
}

// Join finds hosts with what stands in pairs of their own: their port (REDIS_HOST and
// REDIS_PORT, --db-host and --db-port, host and port), or which middleware they are
// (DB_HOST and DB_TYPE). Without such a port it is the middleware's usual one.
func (r *Reader) Join() {
	for i := range r.pairs {
		p := &r.pairs[i]
		if !isHost(p.role) || !p.unknown && (!mayBeHosts(p.value) || p.role == vocabulary.PlainHost && r.types == 0 && strings.IndexByte(p.value, ':') >= 0) {
			continue
		}
		if r.searches == MaxSearches {
			r.Unsearched = true
		}
		if r.Sink.Full() || r.Unsearched {
			return
		}
		r.searches++
		r.Place = p.place
		r.join(p, i)
	}
}

// join works out what belongs to the host in pair i.
func (r *Reader) join(p *pair, i int) {
	if p.name == just && r.form == form.HostPortVariables { // Variable keeps one
		r.justHost(p)
		return
	}
	says := vocabulary.Read(p.name)
	if says.Own {
		return
	}
	if says.Kind == "" { // REDISHOST
		says.Meaning = vocabulary.Read(p.prefix).Meaning
	}
	shown := Found{Kind: p.kind, Form: r.form}
	if p.command {
		shown.Form = form.Command
	}
	tell := func(kind string, f form.Form) {
		if shown.Kind == "" && kind != "" {
			shown.Kind, shown.Form = kind, f
		}
	}
	if shown.Form != form.Flags {
		tell(says.Kind, form.KindVariable)
	}
	tell(says.Kind, form.Flags)
	if outer := r.named.reading(); outer.Address {
		tell(outer.Kind, form.KindVariable)
	}
	sibling := false
	if shown.Kind == "" && r.types > 0 {
		tell(r.kindBeside(p.prefix), form.SiblingKind)
		sibling = shown.Kind != ""
	}
	tell(vocabulary.Known(p.name), form.KnownVariable)
	if strings.Contains(p.value, ":") && p.role == vocabulary.PlainHost {
		// It was found by itself, without what stands beside it.
		if sibling {
			r.hostsWithPorts(p.value, shown)
		}
		return
	}
	tell(r.scheme, form.URL)
	if shown.Kind == "" && r.dialect != "" {
		tell(vocabulary.HostKind(p.value).Kind, form.HostName)
		tell(r.dialect, form.ConnectionString)
	}
	port, own := r.portNamed(p.prefix, i)
	const service = "service_"
	if !own && vocabulary.EndsWith(p.prefix, service) {
		port, own = r.portNamed(p.prefix[:len(p.prefix)-len(service)], i)
	}
	shown.Port = port
	if kind := r.accounts.only(); kind != "" && shown.Kind == "" && p.role == vocabulary.Host && r.form == form.HostPortVariables && vocabulary.IsDatabaseName(p.prefix) && (!own || port == vocabulary.Kind(kind).Port) {
		tell(vocabulary.HostKind(p.value).Kind, form.HostName)
		tell(kind, form.SiblingKind)
	}
	if p.unknown {
		r.unknown(shown)
		return
	}
	r.hosts(p.value, shown, own, says.Store)
}

// joinFrom joins the pairs from one on and forgets them: those of one text
// belong together, and to no other.
func (r *Reader) joinFrom(kept int) {
	outer, outerForm := r.pairs, r.form
	r.pairs, r.form = r.pairs[kept:], form.KeyValues
	r.Join()
	r.pairs, r.form = outer[:kept], outerForm
}

// mayBeHosts is a cheap look at a value: a host, or a list of them. Values with
// a port of their own were found already.
func mayBeHosts(value string) bool {
	return value != "" && len(value) <= 4*maxName && (isNameByte(value[0]) || value[0] == '[' || value[0] == '$' || value[0] == '{') && value[0] != '-'
}

// kindBeside finds which middleware a host is whose name begins like that of a Type:
// database__client beside database__connection__host, KC_DB beside KC_DB_URL_HOST. The
// one that has the most in common counts.
func (r *Reader) kindBeside(prefix string) string {
	kind, longest := "", 0
	for i := range r.pairs {
		p := &r.pairs[i]
		if p.kind == "" || p.role != vocabulary.Type && p.role != vocabulary.Database {
			continue
		}
		// DB is a prefix of DB_HOST, and DB_TYPE is beside it, also where DB is its own
		// word and not the section's.
		for _, common := range [...]string{p.prefix, p.name, vocabulary.Section(p.prefix)} {
			if (common != "" || r.form == form.KeyValues) && len(common) >= longest && strings.HasPrefix(prefix, common) {
				kind, longest = p.kind, len(common)
			}
		}
	}
	return kind
}

// portNamed finds the nearest port after pair i, else the first before it: a
// text may hold several hosts with ports.
func (r *Reader) portNamed(prefix string, i int) (uint16, bool) {
	if port := findPort(r.pairs[i:], prefix); port != 0 {
		return port, true
	}
	port := findPort(r.pairs[:i], prefix)
	return port, port != 0
}

func findPort(pairs []pair, prefix string) uint16 {
	for i := range pairs {
		p := &pairs[i]
		if p.role != vocabulary.Port || len(p.name) < len(prefix)+len("port") || p.name[:len(prefix)] != prefix || !vocabulary.IsPort(p.name[len(prefix):]) {
			continue
		}
		first, _, _ := strings.Cut(p.value, ",")
		if port, ok := parsePort(strings.TrimSpace(first)); ok {
			return port
		}
	}
	return 0
}

// hosts reads a host, or a comma list of hosts, that have no port of their own; shown
// is what is known of them, and ownPort that the port is theirs. In "Server=tcp:db,1433"
// the list's second item is the port.
// Source: https://learn.microsoft.com/en-us/dotnet/api/microsoft.data.sqlclient.sqlconnection.connectionstring
//
// In "tls://cache" the scheme is cut off if the port is the host's own: the
// default of a scheme that has one was found by url.
func (r *Reader) hosts(value string, shown Found, ownPort, store bool) {
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
	if scheme, rest, ok := strings.Cut(value, "://"); ok && ownPort && !strings.ContainsAny(scheme, ",=") && !strings.Contains(rest, "@") {
		value, _, _ = strings.Cut(rest, "/")
	}
	for item := range hostItems(value) {
		item = strings.TrimSpace(item)
		a, ok := parseHost(item)
		if !ok && strings.Contains(item, ":") {
			a, ok = parseHost("[" + item + "]") // IPv6 needs no brackets here
		}
		if !ok && hasPlaceholder(item) {
			rest := ""
			if a, rest, ok = parseUnresolved(item); rest != "" || a.Port != 0 {
				continue // with a port of its own, it was found by itself
			}
		}
		if !ok {
			continue
		}
		f := shown
		f.Host, f.IP, f.Unresolved = a.Host, a.IP, a.Unresolved
		if f.Kind == "" && a.Kind != "" {
			f.Kind, f.Form = a.Kind, a.Form
		}
		if f.Kind == "" && store {
			if m := vocabulary.HostKind(f.Host); m.Kind != "" {
				f.Kind, f.Form = m.Kind, form.HostName
			}
		}
		switch {
		case f.Port != 0:
		case f.Kind != "":
			f.Port = vocabulary.Kind(f.Kind).Port
		case f.Unresolved:
			continue
		default:
			f.Form = form.BareHost
		}
		r.add(f)
	}
}

// hostsWithPorts reads a list of host:port.
func (r *Reader) hostsWithPorts(value string, shown Found) {
	for item := range hostItems(value) {
		if a, ok := parseHostPort(strings.TrimSpace(item), 0); ok {
			a.Kind, a.Form = shown.Kind, shown.Form
			r.add(a)
		}
	}
}
