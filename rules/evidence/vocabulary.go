package evidence

import (
	"strings"

	"github.com/holdfast-mesh/holdfast/rules"
)

// vocabulary is what names of schemes and of variables say about ports.
var vocabulary = newVocabulary()

type portsOfNames struct {
	schemes map[string]uint16 // in lower case
	words   map[string]uint16 // middleware by name and alias, as in REDIS_HOST
}

func newVocabulary() portsOfNames {
	v := portsOfNames{
		// What the table of middleware does not say: ports of TLS, of schemes that
		// many servers share, of servers without an entry.
		// Source: https://www.iana.org/assignments/service-names-port-numbers
		schemes: map[string]uint16{
			"http": 80, "https": 443, "ws": 80, "wss": 443, "amqps": 5671, "ldaps": 636,
			"nats": 4222, "mqtt": 1883, "mqtts": 8883,
			"redis-sentinel": 26379, "redis+sentinel": 26379, "mysqlx": 33060,
			"mysql2": 3306, "postgis": 5432, // Rails, Django
		},
		// libpq's PGHOST.
		// Source: https://www.postgresql.org/docs/current/libpq-envars.html
		words: map[string]uint16{"pg": 5432},
	}
	for _, m := range rules.KnownMiddleware() {
		first := m.Ports[0].First
		for _, s := range m.Schemes {
			v.schemes[strings.ToLower(s)] = first
		}
		v.words[strings.ToLower(m.Name)] = first
		for _, a := range m.Aliases {
			v.words[strings.ToLower(a)] = first
		}
	}
	return v
}

// longestWord is longer than any name of middleware or scheme.
const longestWord = 32

// lookUp finds a word in any case of letters, without allocating.
func lookUp(table map[string]uint16, word string) (uint16, bool) {
	if len(word) > longestWord {
		return 0, false
	}
	var lower [longestWord]byte
	for i := 0; i < len(word); i++ {
		c := word[i]
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		lower[i] = c
	}
	port, ok := table[string(lower[:len(word)])]
	return port, ok
}

// schemePort finds the default port of a scheme that may have parts before and
// after it, as in "jdbc:mysql:loadbalance" and "mysql+pymysql".
func (v *portsOfNames) schemePort(scheme string) uint16 {
	for scheme != "" {
		part := scheme
		if i := strings.LastIndexByte(scheme, ':'); i >= 0 {
			part, scheme = scheme[i+1:], scheme[:i]
		} else {
			scheme = ""
		}
		if port, ok := lookUp(v.schemes, part); ok {
			return port
		}
		if base, _, ok := strings.Cut(part, "+"); ok {
			if port, ok := lookUp(v.schemes, base); ok {
				return port
			}
		}
	}
	return 0
}

// wordPort finds the last word of a variable's name that names middleware, as
// in CACHE_REDIS_MASTER_HOST, and returns its default port or 0.
func (v *portsOfNames) wordPort(name string) uint16 {
	end := len(name)
	for end > 0 {
		start := end
		for start > 0 && name[start-1] != '_' && name[start-1] != '.' && name[start-1] != '-' {
			start--
		}
		if port, ok := lookUp(v.words, name[start:end]); ok {
			return port
		}
		end = start - 1
	}
	return 0
}
