package vocabulary

import "strings"

// Client is a program that people start to reach a server.
type Client struct {
	Kind string // of the server; empty where it is any
	// Words: the host, and the port behind it, are words of their own (nc -z db 3306).
	Words bool
}

// longestPath is longer than where programs lie.
const longestPath = 128

// FindClient finds a program by its name or path.
func FindClient(program string) (Client, bool) {
	if len(program) > longestPath {
		return Client{}, false
	}
	return clients.exactly(strings.TrimSuffix(program[strings.LastIndexByte(program, '/')+1:], ".sh"))
}

var clients = func() table[Client] {
	all := map[string]Client{"cqlsh": {"cassandra", true}, "nc": {"", true}, "ncat": {"", true}, "netcat": {"", true}, "telnet": {"", true}}
	for kind, programs := range map[string]string{
		"mysql":      "mysql mysqladmin mysqldump mysqlshow mysqlimport mysqlsh mariadb mariadb-admin mariadb-dump",
		"postgresql": "psql pg_isready pg_dump pg_dumpall pg_restore pg_basebackup pgbench createdb dropdb createuser",
		"redis":      "redis-cli redis-benchmark valkey-cli keydb-cli",
		"mongodb":    "mongo mongosh mongodump mongorestore mongoimport mongoexport",
		"kafka":      "kafkacat kcat kafka-topics kafka-console-consumer kafka-console-producer kafka-configs kafka-broker-api-versions kafka-consumer-groups",
		"sqlserver":  "sqlcmd bcp",
		"zookeeper":  "zkCli zookeeper-shell",
		"ldap":       "ldapsearch ldapadd ldapmodify ldapwhoami",
	} {
		for program := range strings.FieldsSeq(programs) {
			all[program] = Client{Kind: kind}
		}
	}
	return newTable(all)
}()
