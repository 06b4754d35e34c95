package vocabulary

import (
	"strings"

	"github.com/holdfast-mesh/holdfast/rules"
)

// Meaning is what a word says: which middleware, if any, on which port by default.
type Meaning struct {
	Kind string // a name in rules.KnownMiddleware
	Port uint16 // 0: none by default
}

// kinds are the words for middleware, in lower case: names and aliases of the table
// in rules, and what people write instead.
var kinds = newKinds()

func newKinds() table[Meaning] {
	words := map[string]Meaning{}
	for _, m := range rules.KnownMiddleware() {
		usual := Meaning{m.Name, m.Ports[0].First}
		if m.Name == "elasticsearch" {
			// Clients speak HTTP; 9300 is what the table has first because those
			// connections idle.
			// Source: https://www.elastic.co/guide/en/elasticsearch/reference/current/modules-network.html
			usual.Port = 9200
		}
		for _, word := range append([]string{m.Name}, m.Aliases...) {
			words[strings.ToLower(word)] = usual
		}
	}
	for word, name := range map[string]string{
		"pg": "postgresql", "pgsql": "postgresql", "postgre": "postgresql", "timescale": "postgresql", "timescaledb": "postgresql", "postgis": "postgresql", "pgpool": "postgresql",
		"es": "elasticsearch", "elastic": "elasticsearch", "elk": "elasticsearch",
		"rabbit": "rabbitmq", "cqlsh": "cassandra", "cql": "cassandra",
		"sqlsrv": "sqlserver", "mongos": "mongodb", "mysqli": "mysql", "dragonfly": "redis",
		"bootstrapservers": "kafka", "bootstrapserver": "kafka", "maria": "mysql", "zoo": "zookeeper", "zknodes": "zookeeper",
	} {
		words[word] = words[name]
	}
	return newTable(words)
}

// http stands for HTTP, and what is spoken upon it, in the table of schemes.
const http = "http"

// schemes are schemes of URLs, in lower case.
var schemes = newSchemes()

func newSchemes() table[Meaning] {
	words := map[string]Meaning{
		// Servers without an entry in the table of middleware, and what any server may speak.
		// Source: https://www.iana.org/assignments/service-names-port-numbers
		"http": {http, 80}, "https": {http, 443}, "ws": {http, 80}, "wss": {http, 443}, "grpc": {http, 0}, "nats": {"", 4222}, "mqtt": {"", 1883}, "mqtts": {"", 8883},
	}
	for _, m := range rules.KnownMiddleware() {
		for _, s := range m.Schemes {
			words[strings.ToLower(s)] = Meaning{m.Name, m.Ports[0].First}
		}
	}
	for scheme, m := range map[string]Meaning{
		// Ports of their own.
		"amqps": {"rabbitmq", 5671}, "ldaps": {"ldap", 636}, "mysqlx": {"mysql", 33060},
		"redis-sentinel": {"redis", 26379}, "redis+sentinel": {"redis", 26379}, "sentinel": {"redis", 26379},
		// What frameworks call them.
		// Source: https://django-environ.readthedocs.io/en/latest/types.html
		"mysql2": {"mysql", 3306}, "mysqli": {"mysql", 3306}, "mysql-connector": {"mysql", 3306}, "mysqlgis": {"mysql", 3306},
		"postgis": {"postgresql", 5432}, "pgsql": {"postgresql", 5432}, "psql": {"postgresql", 5432}, "timescaledb": {"postgresql", 5432}, "timescale": {"postgresql", 5432}, "asyncpg": {"postgresql", 5432},
		"rediscache": {"redis", 6379}, "hiredis": {"redis", 6379}, "redis-cluster": {"redis", 6379}, "rediscluster": {"redis", 6379},
		"pymemcache": {"memcached", 11211}, "pymemcached": {"memcached", 11211}, "pylibmc": {"memcached", 11211}, "memcachecache": {"memcached", 11211},
		// Source: https://docs.celeryq.dev/projects/kombu/en/stable/userguide/connections.html
		"pyamqp": {"rabbitmq", 5672}, "librabbitmq": {"rabbitmq", 5672},
		// Source: https://masstransit.io/documentation/configuration/transports/rabbitmq
		"rabbitmq": {"rabbitmq", 5672}, "rabbitmqs": {"rabbitmq", 5671},
		"pg": {"postgresql", 5432}, "mongo": {"mongodb", 27017}, "elasticsearch": {"elasticsearch", 9200}, "pymssql": {"sqlserver", 1433}, "sqlsrv": {"sqlserver", 1433},
	} {
		words[scheme] = m
	}
	return newTable(words)
}

// Scheme says what a scheme means that may have parts before and after it, as in
// "jdbc:mysql:loadbalance" and "mysql+pymysql". isHTTP says that it is HTTP, or a protocol upon it.
func Scheme(scheme string) (m Meaning, isHTTP bool) {
	if m = findScheme(scheme); m.Kind == http {
		return Meaning{Port: m.Port}, true
	}
	return m, false
}

func findScheme(scheme string) Meaning {
	for scheme != "" {
		part := scheme
		if i := strings.LastIndexByte(scheme, ':'); i >= 0 {
			part, scheme = scheme[i+1:], scheme[:i]
		} else {
			scheme = ""
		}
		if m, ok := schemes.lookUp(part); ok {
			return m
		}
		if base, dialect, ok := strings.Cut(part, "+"); ok {
			if base == "db" { // of Celery's results: db+postgresql://
				base = dialect
			}
			if m, ok := schemes.lookUp(base); ok {
				return m
			}
		}
	}
	return Meaning{}
}

// Kind is what is usual of a middleware by its name.
func Kind(name string) Meaning { return kinds.words[name] }

// SpeaksHTTP reports whether clients of a middleware speak HTTP.
func SpeaksHTTP(kind string) bool {
	m, _ := rules.FindMiddleware(kind)
	return m.HTTP
}
