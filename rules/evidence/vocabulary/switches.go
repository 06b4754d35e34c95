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
	if (role == Type || role == Database) && prefix != "" && isNone(value) {
		ending := name[len(prefix):]
		return Off{Prefix: prefix, typed: true, databases: role == Database || len(ending) > 1 && strings.EqualFold(ending[:2], "db") || IsGeneric(prefix)}, true
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

// longestOff is as long as the longest word for nothing.
const longestOff = len("filesystem")

func offBefore(name, ending string) (Off, bool) {
	prefix := name[:len(name)-len(ending)]
	return Off{Prefix: prefix}, strings.Trim(prefix, "_-.") != ""
}

// Covers reports whether a variable for a kind of middleware is switched off.
func (o Off) Covers(name, kind string) bool {
	if !strings.HasPrefix(name, o.Prefix) {
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
