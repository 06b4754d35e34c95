package configmaps

import "strings"

// configurations are the files in which a server is told how to run, by how their names
// begin. What they say of that server's kind is of itself and its peers.
// Sources: the images' and charts' documentation of each server.
var configurations = []struct{ kind, names string }{
	{"redis", "redis.conf redis-master.conf redis-replica.conf redis-slave.conf redis-node.conf redis-sentinel.conf redis-cluster.conf sentinel.conf master.conf replica.conf slave.conf valkey.conf keydb.conf"},
	{"mysql", "my.cnf my-custom.cnf mysql.cnf mysqld.cnf mariadb.cnf primary.cnf replica.cnf master.cnf slave.cnf custom.cnf server.cnf 50-server.cnf galera.cnf"},
	{"postgresql", "postgresql.conf postgres.conf postgresql.auto.conf pg_hba.conf pg_ident.conf recovery.conf patroni.yml patroni.yaml"},
	{"mongodb", "mongod.conf mongo.conf mongodb.conf mongos.conf"},
	{"rabbitmq", "rabbitmq.conf rabbitmq.config advanced.config enabled_plugins definitions.json load_definition.json"},
	{"kafka", "server.properties broker.properties controller.properties kafka.properties"},
	{"zookeeper", "zoo.cfg zookeeper.properties zoo.cfg.dynamic"},
	{"cassandra", "cassandra.yaml cassandra-rackdc.properties scylla.yaml"},
	{"elasticsearch", "elasticsearch.yml elasticsearch.yaml opensearch.yml opensearch.yaml"},
	{"memcached", "memcached.conf"},
}

// ownConfiguration says whose own configuration a file is, by its name, or nothing.
func ownConfiguration(file string) (kind string) { return ownFiles[strings.ToLower(file)] }

var ownFiles = func() map[string]string {
	table := map[string]string{}
	for _, c := range configurations {
		for name := range strings.FieldsSeq(c.names) {
			table[name] = c.kind
		}
	}
	return table
}()
