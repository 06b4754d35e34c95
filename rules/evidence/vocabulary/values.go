package vocabulary

import (
	"bytes"
	"strings"
)

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
	if isNone(value) {
		return "", true
	}
	if m := kindOf(value); m.Kind != "" {
		return m.Kind, false
	}
	var lower [longestValue]byte
	for i := 0; i < len(value); i++ {
		lower[i] = value[i] | 0x20 // letters in lower case; what it does to others does not matter
	}
	for _, p := range parts {
		if bytes.Contains(lower[:len(value)], []byte(p.text)) {
			return p.kind, false
		}
	}
	return "", false
}

// isNone reports whether a value says that there is no server: none at all, a file, the
// memory of the process.
func isNone(value string) bool {
	if value == "0" { // the first of Redis's databases
		return false
	}
	_, none := nones.lookUp(value)
	return none || IsOff(value) || strings.Contains(value, "sqlite")
}

var nones = func() table[struct{}] {
	all := map[string]struct{}{}
	for word := range strings.FieldsSeq("sqlite sqlite3 h2 file filesystem dev-file dev-mem memory in-memory inmemory local locmem array null noop dummy bolt boltdb badger embedded derby hsqldb") {
		all[word] = struct{}{}
	}
	return newTable(all)
}()

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

// isOn reports whether a value switches on what its name says.
func isOn(value string) bool {
	return value == "1" || strings.EqualFold(value, "true") || strings.EqualFold(value, "yes") || strings.EqualFold(value, "on")
}
