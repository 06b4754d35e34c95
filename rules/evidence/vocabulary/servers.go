package vocabulary

import "strings"

// ServerKind says which middleware a workload or a container is itself, by its name:
// "redis", "shop-postgresql-primary", "mysql-0". "redis-exporter" and "kafka-setup" are
// none, and neither are proxies that are clients of the server behind them.
func ServerKind(name string) string {
	kind := ""
	for rest := name; rest != ""; {
		start, end := lastWord(rest)
		if start == end {
			break
		}
		word := rest[start:end]
		rest = rest[:start]
		switch about, _ := ofServers.lookUp(word); {
		case about == isClient:
			return ""
		case kind != "": // what is in front of it may be anything
		case about == isPart || strings.Trim(word, "0123456789") == "":
		default:
			if kind = kindOf(word).Kind; kind == "" {
				return ""
			}
		}
	}
	return kind
}

// aboutServer is what a word says in the name of a server.
type aboutServer uint8

const (
	_        aboutServer = iota
	isPart               // one of its servers
	isClient             // it is none
)

var ofServers = func() table[aboutServer] {
	all := map[string]aboutServer{}
	for about, words := range map[aboutServer]string{
		isPart: `master masters slave slaves primary primaries secondary replica replicas replication read node nodes server servers cluster db database data svc service broker
			standalone sentinel leader follower headless sts statefulset deployment deploy pod container test dev prod local arbiter rs shard main cache`,
		isClient: `pgbouncer pgpool proxysql mongos init setup create wait waitfor migrate migration migrations seed client consumer producer connect test-client tests backup exporter ui`,
	} {
		for word := range strings.FieldsSeq(words) {
			all[word] = about
		}
	}
	return newTable(all)
}()

// ServersOwn says which middleware a container is the server of, by a variable that only
// images of servers read.
func ServersOwn(variable string) (kind string) {
	kind, _ = serversOwn.exactly(variable)
	return kind
}

// serversOwn are what the official images and those of the large vendors set servers up
// with. Applications have them too, where one file of variables is for all.
// Source: https://github.com/docker-library/docs (mysql, mariadb, postgres, mongo, rabbitmq, cassandra, zookeeper)
// Source: https://github.com/bitnami/containers/tree/main/bitnami (kafka, zookeeper, redis)
var serversOwn = func() table[string] {
	all := map[string]string{}
	for kind, variables := range map[string]string{
		"mysql":      "MYSQL_ROOT_PASSWORD MYSQL_ALLOW_EMPTY_PASSWORD MYSQL_RANDOM_ROOT_PASSWORD MARIADB_ROOT_PASSWORD MARIADB_RANDOM_ROOT_PASSWORD MARIADB_ALLOW_EMPTY_ROOT_PASSWORD",
		"postgresql": "PGDATA POSTGRES_INITDB_ARGS POSTGRES_HOST_AUTH_METHOD POSTGRES_INITDB_WALDIR",
		"mongodb":    "MONGO_INITDB_ROOT_USERNAME MONGO_INITDB_DATABASE",
		"rabbitmq":   "RABBITMQ_DEFAULT_USER RABBITMQ_ERLANG_COOKIE RABBITMQ_NODENAME",
		"cassandra":  "CASSANDRA_CLUSTER_NAME CASSANDRA_DC CASSANDRA_ENDPOINT_SNITCH",
		"kafka":      "KAFKA_ADVERTISED_LISTENERS KAFKA_CFG_ADVERTISED_LISTENERS KAFKA_LISTENERS KAFKA_CFG_LISTENERS KAFKA_BROKER_ID KAFKA_NODE_ID KAFKA_PROCESS_ROLES",
		"zookeeper":  "ZOO_MY_ID ZOO_SERVER_ID ZOOKEEPER_SERVER_ID ZOOKEEPER_CLIENT_PORT",
		"sqlserver":  "MSSQL_PID MSSQL_SA_PASSWORD",
	} {
		for variable := range strings.FieldsSeq(variables) {
			all[variable] = kind
		}
	}
	return newTable(all)
}()

// IsGeneric reports whether a workload's name says what a server is for and not which it
// is: db, broker, shop-cache.
func IsGeneric(name string) bool {
	start, end := lastWord(strings.TrimRight(name, "0123456789-"))
	w, _ := words.lookUp(name[start:end])
	return w.class == store || w.class == storeAt
}
