package vocabulary

import "strings"

// HostKind says which middleware a host is called as: "mysql", "shop-redis-master",
// "postgresql.data.svc". The first label that names one counts.
func HostKind(host string) Meaning {
	for host != "" {
		label := host
		label, host, _ = strings.Cut(host, ".")
		if m := Read(label).Meaning; m.Kind != "" {
			return m
		}
	}
	return Meaning{}
}

// NamesHost reports whether a variable's value is a host, or a list of them with options,
// although the end of its name does not say so: REDIS, REDIS_BACKEND, and what .NET calls
// the settings of connections.
// Source: https://learn.microsoft.com/en-us/aspnet/core/performance/caching/distributed
//
// The variable's role and prefix are those of Ending.
func NamesHost(name, value string, role Role, prefix string) bool {
	switch role {
	case NoRole:
		return name != "" && (Word(name).Kind != "" || Known(name) != "" || isConnection(name) && Read(name).Kind != "")
	case Type:
		if EndsWith(name, "backend") && Read(prefix).Kind != "" {
			kind, off := TypeOf(value)
			return kind == "" && !off
		}
		return Known(name) != ""
	}
	return false
}

func isConnection(name string) bool {
	switch name[len(name)-1] {
	case 'n':
		return strings.HasSuffix(name, "__Configuration")
	case 'g':
		return strings.HasSuffix(name, "__ConnectionString")
	}
	return name[0] == 'C' && strings.HasPrefix(name, "ConnectionStrings__")
}

// IsNoHost reports whether a word that may stand where a host does is none: the pod
// itself, a switch, a network (cloud_sql_proxy listens on "=tcp:5432"), and what people
// write into examples.
func IsNoHost(host string) bool {
	_, none := noHosts.exactly(host)
	return none
}

var noHosts = func() table[struct{}] {
	all := map[string]struct{}{}
	for word := range strings.FieldsSeq(`localhost true false yes no on off none null nil undefined enabled disabled
		tcp udp unix placeholder changeme change-me dummy todo tbd xxx invalid nowhere notused unused`) {
		all[word] = struct{}{}
	}
	return newTable(all)
}()

// IsAlertmanager reports whether a host is a Prometheus Alertmanager by its name. It
// speaks HTTP on a port that Kafka's listeners have too.
// Source: https://prometheus.io/docs/alerting/latest/overview/
func IsAlertmanager(host string, port uint16) bool {
	return port == 9093 && strings.Contains(host, "alertmanager")
}

// IsScraped reports whether a setting has what Prometheus asks over HTTP, whatever else
// may listen there.
// Source: https://prometheus.io/docs/prometheus/latest/configuration/configuration/#static_config
func IsScraped(name string) bool { return strings.HasSuffix(name, "static_configs.targets") }

// browsers are the beginnings of variables that a build of a web page takes over:
// their values are used by browsers, not by the pod.
// Source: https://nextjs.org/docs/app/guides/environment-variables
// Source: https://vite.dev/guide/env-and-mode
// Source: https://create-react-app.dev/docs/adding-custom-environment-variables
// Source: https://cli.vuejs.org/guide/mode-and-env.html
// Source: https://www.gatsbyjs.com/docs/how-to/local-development/environment-variables
// Source: https://docs.expo.dev/guides/environment-variables
// Source: https://nuxt.com/docs/guide/going-further/runtime-config
var browsers = []string{"NEXT_PUBLIC_", "VITE_", "REACT_APP_", "VUE_APP_", "GATSBY_", "EXPO_PUBLIC_", "NUXT_PUBLIC_"}

// IsBrowsers reports whether a variable is a setting of a web page.
func IsBrowsers(name string) bool {
	if len(name) < len("VITE_") || strings.IndexByte("NVRGE", name[0]) < 0 || name[1] != 'E' && name[1] != 'I' && name[1] != 'U' && name[1] != 'A' && name[1] != 'X' {
		return false // as nearly all
	}
	for _, prefix := range browsers {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}
