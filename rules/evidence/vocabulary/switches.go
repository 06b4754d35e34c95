package vocabulary

import "strings"

// Off says that what begins with Prefix in its name is not used, as a variable beside it
// says: REDIS_ENABLED=false, USE_REDIS=0, KONG_DATABASE=off.
type Off struct {
	Prefix string
	// typed: a Type says that there is no server, as DB_TYPE=sqlite does: then DB_HOST is
	// none, but APP_TYPE=local says nothing of APP_REDIS_URL. databases says that it
	// speaks of databases, so that KONG_DATABASE=off covers KONG_PG_HOST too.
	typed, databases bool
	// spans: it is about where Jaeger keeps them.
	spans bool
	// instead is the kind of the server that is used, of several that are set up; empty
	// where none is.
	instead string
}

// Switch reads a variable that may switch off what others say.
//
// The variable's role and prefix are those of Ending.
func Switch(name, value string, role Role, prefix string) (Off, bool) {
	if len(value) > longestOff || name == "" {
		return Off{}, false
	}
	switch name[len(name)-1] | 0x20 {
	case 'd':
		switch {
		case EndsWith(name, "disabled") && isOn(value):
			return offBefore(name, "disabled")
		case EndsWith(name, "enabled") && IsOff(value):
			return offBefore(name, "enabled")
		}
	case 'e':
		if EndsWith(name, "enable") && IsOff(value) {
			return offBefore(name, "enable")
		}
	}
	if (role == Type || role == Database) && prefix != "" {
		if off, ok := typeSwitch(name, value, role, prefix); ok {
			return off, true
		}
	}
	switch name[0] {
	case 'U', 'E', 'W':
		for _, word := range [...]string{"USE_", "ENABLE_", "WITH_"} {
			if rest, ok := strings.CutPrefix(name, word); ok && IsOff(value) {
				return Off{Prefix: rest}, rest != ""
			}
		}
	case 'D':
		if rest, ok := strings.CutPrefix(name, "DISABLE_"); ok && isOn(value) {
			return Off{Prefix: rest}, rest != ""
		}
	}
	return Off{}, false
}

// typeSwitch reads a variable that says of which kind a server is.
func typeSwitch(name, value string, role Role, prefix string) (Off, bool) {
	// Source: https://www.jaegertracing.io/docs/1.76/deployment/#span-storage-backends
	if name == "SPAN_STORAGE_TYPE" {
		return Off{spans: true, instead: kindOf(value).Kind}, strings.IndexByte(value, ',') < 0
	}
	database := saysDatabase(name[len(prefix):])
	if isNone(value) {
		if s := Section(prefix); s != "" {
			prefix = s
		}
		return Off{Prefix: prefix, typed: true, databases: database || role == Database || IsGeneric(prefix)}, true
	}
	if kind := kindOf(value).Kind; database && isDatabase(kind) && Read(prefix).Kind == "" {
		return Off{Prefix: prefix, typed: true, databases: true, instead: kind}, true
	}
	return Off{}, false
}

// saysDatabase reports whether the ending of a name is about databases: DB_TYPE,
// DATABASE.
func saysDatabase(ending string) bool {
	return len(ending) > 1 && (strings.EqualFold(ending[:2], "db") || strings.EqualFold(ending[:2], "da"))
}

// Section is the prefix of what stands beside a Type that says "database" once more than
// they do, or nothing: GITEA__database__DB_TYPE stands beside GITEA__database__HOST.
func Section(prefix string) string {
	if !EndsWith(prefix, "db_") || len(prefix) < len("db_db_") {
		return ""
	}
	if section := prefix[:len(prefix)-len("db_")]; isSeparator(section[len(section)-1]) && IsGeneric(section) {
		return section
	}
	return ""
}

// longestOff is longer than any word for nothing, and than the classes that are one
// (django.db.backends.sqlite3).
const longestOff = 32

func offBefore(name, ending string) (Off, bool) {
	prefix := name[:len(name)-len(ending)]
	return Off{Prefix: prefix}, strings.Trim(prefix, "_-.") != ""
}

// Covers reports whether a variable for a kind of middleware is switched off.
func (o Off) Covers(name, kind string) bool {
	switch {
	case o.spans:
		return kind != o.instead && (kind == "elasticsearch" && strings.HasPrefix(name, "ES_") || kind == "cassandra" && strings.HasPrefix(name, "CASSANDRA_"))
	case !strings.HasPrefix(name, o.Prefix), o.instead != "" && (kind == o.instead || !isDatabase(kind)):
		return false
	}
	rest := name[len(o.Prefix):]
	if o.typed && !(o.databases && isDatabase(kind)) {
		start, _ := lastWord(rest)
		return start == 0 && Read(rest).Kind == ""
	}
	return rest == "" || isSeparator(o.Prefix[len(o.Prefix)-1]) || isSeparator(rest[0]) || isUpper(rest[0]) && isLower(o.Prefix[len(o.Prefix)-1])
}

func isDatabase(kind string) bool {
	switch kind {
	case "mysql", "postgresql", "cassandra", "mongodb", "oracle", "sqlserver":
		return true
	}
	return false
}
