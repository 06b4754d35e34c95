package evidence

import (
	"strings"

	"github.com/holdfast-mesh/holdfast/rules"
)

// vocabulary is what names of schemes and of variables say.
var vocabulary = newVocabulary()

type meaningOfNames struct {
	schemes map[string]meaning // in lower case
	words   map[string]meaning // middleware by name and alias, as in REDIS_HOST
}

// meaning is what a name says: which middleware, if any, and its usual port.
type meaning struct {
	kind string
	port uint16
}

func newVocabulary() meaningOfNames {
	v := meaningOfNames{
		// What the table of middleware does not say: ports of TLS, of schemes that
		// many servers share, of servers without an entry.
		// Source: https://www.iana.org/assignments/service-names-port-numbers
		schemes: map[string]meaning{
			"http": {"", 80}, "https": {"", 443}, "ws": {"", 80}, "wss": {"", 443}, "amqps": {"rabbitmq", 5671}, "ldaps": {"ldap", 636},
			"nats": {"", 4222}, "mqtt": {"", 1883}, "mqtts": {"", 8883},
			"redis-sentinel": {"redis", 26379}, "redis+sentinel": {"redis", 26379}, "mysqlx": {"mysql", 33060},
			"mysql2": {"mysql", 3306}, "postgis": {"postgresql", 5432}, // Rails, Django
		},
		// libpq's PGHOST.
		// Source: https://www.postgresql.org/docs/current/libpq-envars.html
		words: map[string]meaning{"pg": {"postgresql", 5432}},
	}
	for _, m := range rules.KnownMiddleware() {
		usual := meaning{m.Name, m.Ports[0].First}
		for _, s := range m.Schemes {
			v.schemes[strings.ToLower(s)] = usual
		}
		v.words[strings.ToLower(m.Name)] = usual
		for _, a := range m.Aliases {
			v.words[strings.ToLower(a)] = usual
		}
	}
	return v
}

// longestWord is longer than any name of middleware or scheme.
const longestWord = 32

// lookUp finds a word in any case of letters, without allocating.
func lookUp(table map[string]meaning, word string) (meaning, bool) {
	if len(word) > longestWord {
		return meaning{}, false
	}
	var lower [longestWord]byte
	for i := 0; i < len(word); i++ {
		c := word[i]
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		lower[i] = c
	}
	m, ok := table[string(lower[:len(word)])]
	return m, ok
}

// scheme finds what a scheme says that may have parts before and
// after it, as in "jdbc:mysql:loadbalance" and "mysql+pymysql".
func (v *meaningOfNames) scheme(scheme string) meaning {
	for scheme != "" {
		part := scheme
		if i := strings.LastIndexByte(scheme, ':'); i >= 0 {
			part, scheme = scheme[i+1:], scheme[:i]
		} else {
			scheme = ""
		}
		if m, ok := lookUp(v.schemes, part); ok {
			return m
		}
		if base, _, ok := strings.Cut(part, "+"); ok {
			if m, ok := lookUp(v.schemes, base); ok {
				return m
			}
		}
	}
	return meaning{}
}

// word finds the last word of a variable's name that names middleware, as
// in CACHE_REDIS_MASTER_HOST.
func (v *meaningOfNames) word(name string) meaning {
	end := len(name)
	for end > 0 {
		start := end
		for start > 0 && name[start-1] != '_' && name[start-1] != '.' && name[start-1] != '-' {
			start--
		}
		if m, ok := lookUp(v.words, name[start:end]); ok {
			return m
		}
		end = start - 1
	}
	return meaning{}
}
