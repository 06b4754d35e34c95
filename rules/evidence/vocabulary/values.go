package vocabulary

import "strings"

// parts are what values contain that name a middleware among other things: a driver's
// class, a dialect, a version ("pdo_mysql", "org.postgresql.Driver", "postgres12"). The
// first that a value contains counts.
var parts = []struct{ text, kind string }{
	{"mysql", "mysql"},
	{"mariadb", "mysql"},
	{"postgre", "postgresql"},
	{"pgsql", "postgresql"},
	{"npgsql", "postgresql"},
	{"mongo", "mongodb"},
	{"redis", "redis"},
	{"memcache", "memcached"},
	{"rabbit", "rabbitmq"},
	{"amqp", "rabbitmq"},
	{"kafka", "kafka"},
	{"cassandra", "cassandra"},
	{"sqlserver", "sqlserver"},
	{"mssql", "sqlserver"},
	{"sqlsrv", "sqlserver"},
	{"elasticsearch", "elasticsearch"},
	{"opensearch", "elasticsearch"},
	{"oracle", "oracle"},
	{"zookeeper", "zookeeper"},
	{"valkey", "redis"},
}

// longestValue is longer than the name of any driver.
const longestValue = 64

// TypeOf reads the value of a name whose Role is Type: the kind of the middleware,
// or that there is none (off).
func TypeOf(value string) (kind string, off bool) {
	if len(value) > longestValue {
		return "", false
	}
	if IsOff(value) {
		return "", true
	}
	if m := kindOf(value); m.Kind != "" {
		return m.Kind, false
	}
	lower := strings.ToLower(value)
	for _, p := range parts {
		if strings.Contains(lower, p.text) {
			return p.kind, false
		}
	}
	return "", false
}

// IsOff reports whether a value switches off what its name says.
func IsOff(value string) bool {
	switch len(value) {
	case 1:
		return value == "0"
	case 2:
		return strings.EqualFold(value, "no")
	case 3:
		return strings.EqualFold(value, "off")
	case 4:
		return strings.EqualFold(value, "none")
	case 5:
		return strings.EqualFold(value, "false")
	case 8:
		return strings.EqualFold(value, "disabled")
	}
	return false
}

// IsOn reports whether a value switches on what its name says, and is no host.
func IsOn(value string) bool {
	return strings.EqualFold(value, "true") || strings.EqualFold(value, "yes") || strings.EqualFold(value, "on") || strings.EqualFold(value, "enabled")
}
