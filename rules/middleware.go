package rules

import (
	"slices"
	"strings"

	"github.com/holdfast-mesh/holdfast/internal/ports"
)

// Middleware is what holdfast knows of one kind of server.
type Middleware struct {
	Name        string        `json:"name"`
	Aliases     []string      `json:"aliases,omitempty"`
	Title       string        `json:"title"`             // as its makers write it
	Ports       []ports.Range `json:"ports"`             // the one that clients use first
	Ambiguous   []ports.Range `json:"-"`                 // those of Ports that alone show no use: others have them too
	HTTP        bool          `json:"-"`                 // its clients speak HTTP
	Schemes     []string      `json:"schemes,omitempty"` // URL schemes whose default port is the first of Ports
	ServerIdle  string        `json:"serverIdle"`        // when the server itself closes idle connections
	InsideMesh  string        `json:"insideMesh"`        // what to do
	OutsideMesh string        `json:"outsideMesh"`
}

// KnownMiddleware returns the table, sorted by name. The caller may not change it.
func KnownMiddleware() []Middleware { return middlewareTable }

// FindMiddleware finds an entry by name or alias, in any case of letters.
func FindMiddleware(name string) (Middleware, bool) {
	for i := range middlewareTable {
		m := &middlewareTable[i]
		if strings.EqualFold(m.Name, name) ||
			slices.ContainsFunc(m.Aliases, func(a string) bool { return strings.EqualFold(a, name) }) {
			return *m, true
		}
	}
	return Middleware{}, false
}

// port is a range of one.
func port(p uint16) ports.Range { return ports.Range{First: p, Last: p} }

// middlewareTable is sorted by name. Ports are the registered or documented
// defaults of each server; the sources of the idle behaviour stand beside it.
var middlewareTable = []Middleware{
	{
		Name: "cassandra", Aliases: []string{"scylla", "scylladb"}, Title: "Apache Cassandra",
		Ports: []ports.Range{port(9042), port(7000), port(7001)},
		// Nodes use them between each other, and so does many an application.
		// Source: https://cassandra.apache.org/doc/latest/cassandra/getting-started/configuring.html
		Ambiguous: []ports.Range{port(7000), port(7001)},
		Schemes:   []string{"cassandra"},
		// https://docs.datastax.com/en/developer/java-driver/latest/manual/core/pooling/ (heartbeat)
		ServerIdle:  "never; drivers send a heartbeat every 30s",
		InsideMesh:  "bypass 7000 and 7001 (between nodes); nothing for 9042",
		OutsideMesh: "bypass",
	},
	{
		Name: "elasticsearch", Aliases: []string{"opensearch"}, Title: "Elasticsearch",
		Ports: []ports.Range{port(9300), port(9200)}, HTTP: true,
		// https://www.elastic.co/guide/en/elasticsearch/reference/current/modules-network.html (long-lived idle connections)
		ServerIdle:  "never; transport connections must stay open",
		InsideMesh:  "bypass 9300, or idleTimeout 24h on 9300 (transport)",
		OutsideMesh: "bypass 9300",
	},
	{
		Name: "galera", Title: "Galera Cluster",
		Ports:       []ports.Range{port(4567), port(4568), port(4444)},
		Ambiguous:   []ports.Range{port(4444)}, // Selenium and others listen there
		ServerIdle:  "never between nodes",
		InsideMesh:  "bypass 4567 and 4568",
		OutsideMesh: "bypass 4567 and 4568",
	},
	{
		Name: "kafka", Aliases: []string{"redpanda"}, Title: "Apache Kafka",
		Ports:   []ports.Range{{First: 9092, Last: 9094}},
		Schemes: []string{"kafka"},
		// https://kafka.apache.org/documentation/ (connections.max.idle.ms)
		ServerIdle:  "600s; clients close first, after 540s",
		InsideMesh:  "nothing needed",
		OutsideMesh: "bypass, or keepalive",
	},
	{
		Name: "ldap", Aliases: []string{"activedirectory", "openldap"}, Title: "LDAP, Active Directory",
		Ports:   []ports.Range{port(389), port(636), port(3268), port(3269)},
		Schemes: []string{"ldap"},
		// https://learn.microsoft.com/en-us/troubleshoot/windows-server/active-directory/view-set-ldap-policy-using-ntdsutil (MaxConnIdleTime)
		ServerIdle:  "Active Directory: 900s",
		InsideMesh:  "nothing needed for Active Directory",
		OutsideMesh: "bypass, or keepalive",
	},
	{
		Name: "memcached", Aliases: []string{"memcache"}, Title: "memcached",
		Ports:   []ports.Range{port(11211)},
		Schemes: []string{"memcached", "memcache"},
		// https://github.com/memcached/memcached/blob/master/memcached.c (settings_init: idle_timeout is off)
		ServerIdle:  "never",
		InsideMesh:  "idleTimeout 24h",
		OutsideMesh: "bypass",
	},
	{
		Name: "mongodb", Aliases: []string{"mongo"}, Title: "MongoDB",
		Ports:   []ports.Range{{First: 27017, Last: 27019}},
		Schemes: []string{"mongodb", "mongodb+srv"},
		// https://www.mongodb.com/docs/manual/faq/diagnostics/ (keepalive of 120 s)
		ServerIdle:  "never",
		InsideMesh:  "idleTimeout 24h and keepalive time 120s",
		OutsideMesh: "bypass",
	},
	{
		Name: "mysql", Aliases: []string{"mariadb", "percona"}, Title: "MySQL, MariaDB",
		Ports:   []ports.Range{port(3306), port(33060)},
		Schemes: []string{"mysql", "mariadb"},
		// https://dev.mysql.com/doc/refman/8.4/en/server-system-variables.html (wait_timeout)
		ServerIdle:  "28800s (wait_timeout)",
		InsideMesh:  "idleTimeout 24h",
		OutsideMesh: "bypass, by CIDR where it is known",
	},
	{
		Name: "oracle", Title: "Oracle Database",
		Ports:       []ports.Range{port(1521)},
		Schemes:     []string{"oracle"},
		ServerIdle:  "never",
		InsideMesh:  "idleTimeout 24h",
		OutsideMesh: "bypass by CIDR",
	},
	{
		Name: "postgresql", Aliases: []string{"postgres", "pgbouncer"}, Title: "PostgreSQL, PgBouncer",
		Ports:   []ports.Range{port(5432), port(6432)},
		Schemes: []string{"postgresql", "postgres"},
		// https://www.postgresql.org/docs/current/runtime-config-client.html (idle_session_timeout: 0)
		ServerIdle:  "never",
		InsideMesh:  "idleTimeout 24h",
		OutsideMesh: "bypass",
	},
	{
		Name: "rabbitmq", Aliases: []string{"amqp"}, Title: "RabbitMQ",
		Ports:   []ports.Range{port(5672), port(5671)},
		Schemes: []string{"amqp"},
		// https://www.rabbitmq.com/docs/heartbeats
		ServerIdle:  "heartbeat 60s",
		InsideMesh:  "nothing needed",
		OutsideMesh: "keepalive",
	},
	{
		Name: "redis", Aliases: []string{"valkey", "keydb"}, Title: "Redis",
		// 6380 is TLS at Azure, and by habit elsewhere; Redis itself has no port for it.
		// https://learn.microsoft.com/en-us/azure/azure-cache-for-redis/cache-configure (access ports)
		Ports:   []ports.Range{port(6379), port(6380), port(16379), port(26379)},
		Schemes: []string{"redis", "rediss", "valkey", "valkeys"},
		// https://redis.io/docs/latest/develop/reference/clients/ (timeout 0, tcp-keepalive 300)
		ServerIdle:  "never; the server's own TCP keepalive is 300s",
		InsideMesh:  "idleTimeout 24h and keepalive",
		OutsideMesh: "bypass",
	},
	{
		Name: "sqlserver", Aliases: []string{"mssql"}, Title: "Microsoft SQL Server",
		Ports:   []ports.Range{port(1433)},
		Schemes: []string{"sqlserver", "mssql"},
		// https://learn.microsoft.com/en-us/sql/tools/configuration-manager/tcp-ip-properties-protocols-tab (Keep Alive 30,000 ms)
		ServerIdle:  "never; the server's own TCP keepalive is 30s",
		InsideMesh:  "idleTimeout 24h",
		OutsideMesh: "bypass by CIDR",
	},
	{
		Name: "zookeeper", Aliases: []string{"zk"}, Title: "Apache ZooKeeper",
		Ports:   []ports.Range{port(2181), port(2888), port(3888)},
		Schemes: []string{"zookeeper", "zk"},
		// https://zookeeper.apache.org/doc/current/zookeeperProgrammers.html#ch_zkSessions
		ServerIdle:  "never; session pings keep connections busy",
		InsideMesh:  "bypass 2888 and 3888 (between servers)",
		OutsideMesh: "bypass 2181",
	},
}
