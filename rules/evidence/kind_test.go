package evidence

import (
	"slices"
	"strings"
	"testing"

	"github.com/holdfast-mesh/holdfast/rules"
)

// kindsOf are the addresses that a pod shows, each with the middleware that the text says,
// as "mysql db:3306".
func kindsOf(pod *rules.Pod) string {
	var texts []string
	for _, a := range Scan(pod, nil).Addresses {
		if text := strings.TrimSpace(a.Kind + " " + a.String()); !slices.Contains(texts, text) {
			texts = append(texts, text)
		}
	}
	slices.Sort(texts)
	return strings.Join(texts, ", ")
}

// What says which middleware is behind an address, on whatever port.
func TestKindsOfVariables(t *testing.T) {
	tests := []struct {
		rule string
		env  []string
		want string
	}{
		{"a scheme", []string{"A", "mongodb://documentdb:10260"}, "mongodb documentdb:10260"},
		{"a scheme of JDBC", []string{"A", "jdbc:mariadb://mariadb:4001/x"}, "mysql mariadb:4001"},
		{"Go's MySQL form on another port", []string{"A", "u:p@tcp(db:4001)/x"}, "db:4001, mysql db:4001"},
		{"bootstrap servers", []string{"CONNECT_BOOTSTRAP_SERVERS", "broker:29092"}, "kafka broker:29092"},
		{"bootstrap servers in one word", []string{"KAFKA_CLUSTERS_0_BOOTSTRAPSERVERS", "broker:29092"}, "kafka broker:29092"},
		{"bootstrap servers as properties have them", []string{"spring.kafka.bootstrap-servers", "broker:29092"}, "kafka broker:29092"},
		{"bootstrap servers in camel case", []string{"bootstrapServers", "broker:29092"}, "kafka broker:29092"},
		{"a list with a protocol", []string{"BOOTSTRAP_SERVERS", "PLAINTEXT://a:29092,PLAINTEXT://b:29092"}, "kafka a:29092, kafka b:29092"},
		{"seeds", []string{"POSTGRES_SEEDS", "postgresql", "ES_SEEDS", "elasticsearch"}, "elasticsearch elasticsearch:9200, postgresql postgresql:5432"},
		{"contact points", []string{"CASSANDRA_CONTACT_POINTS", "cassandra"}, "cassandra cassandra:9042"},
		{"CQLSH", []string{"CQLSH_HOST", "cassandra"}, "cassandra cassandra:9042"},
		{"a host of Elasticsearch speaks HTTP", []string{"ELASTICSEARCH_HOST", "es"}, "elasticsearch es:9200"},
		{"HTTP to what speaks it", []string{"ELASTICSEARCH_URL", "http://es:9999"}, "elasticsearch es:9999"},
		{"HTTP to what does not", []string{"KAFKA_URL", "http://rest:8082"}, "rest:8082"},
		{"a sibling of a prefix with more words", []string{"database__client", "mysql", "database__connection__host", "db"}, "mysql db:3306"},
		{"the prefix itself", []string{"KC_DB", "postgres", "KC_DB_URL_HOST", "db"}, "postgresql db:5432"},
		{"an adapter", []string{"MATOMO_DATABASE_ADAPTER", "mysql", "MATOMO_DATABASE_HOST", "db"}, "mysql db:3306"},
		{"a driver's class", []string{"DB_DRIVER_CLASS_NAME", "org.postgresql.Driver", "DB_HOST", "db"}, "postgresql db:5432"},
		{"Laravel's connection", []string{"DB_CONNECTION", "pgsql", "DB_HOST", "db"}, "postgresql db:5432"},
		{"Django's engine", []string{"SQL_ENGINE", "django.db.backends.postgresql", "SQL_HOST", "db"}, "postgresql db:5432"},
		{"a version behind it", []string{"DB_TYPE", "postgres12", "DB_HOST", "db"}, "postgresql db:5432"},
		{"a sibling with a port of the host's own", []string{"DB_TYPE", "mysql", "DB_URL", "db:4001"}, "db:4001, mysql db:4001"},
		{"another prefix", []string{"CACHE_TYPE", "redis", "DB_HOST", "db"}, ""},
		{"a host called as the middleware", []string{"DB_HOST", "mysql"}, "mysql mysql:3306"},
		{"an alias", []string{"DOLI_DB_HOST", "mariadb"}, "mysql mariadb:3306"},
		{"in words of their own by capitals", []string{"MessageBroker__Host", "rabbitmq"}, "rabbitmq rabbitmq:5672"},
		{"a host with more words", []string{"DB_HOST", "shop-mysql-primary.data.svc"}, "mysql shop-mysql-primary.data.svc:3306"},
		{"an address of a store on another port", []string{"DB_ADDR", "mysql:4001"}, "mysql mysql:4001"},
		{"a server beside it", []string{"DB_HOST", "mysql-exporter"}, ""},
		{"a name that is no store's takes what a server says of itself", []string{"MY_HOST", "mysql"}, ""},
		{"Wordpress", []string{"WORDPRESS_DB_HOST", "db"}, "mysql db:3306"},
		{"Wordpress with a port", []string{"WORDPRESS_DB_HOST", "db:4001"}, "mysql db:4001"},
		{"Joomla, Espo, phpMyAdmin", []string{"JOOMLA_DB_HOST", "a", "ESPOCRM_DATABASE_HOST", "b", "PMA_HOST", "c"}, "mysql a:3306, mysql b:3306, mysql c:3306"},
		{"one that has no word for the database", []string{"PAPERLESS_DBHOST", "db"}, "postgresql db:5432"},
		{"the same with a sibling", []string{"PAPERLESS_DBENGINE", "mariadb", "PAPERLESS_DBHOST", "db"}, "mysql db:3306"},
		{"Redis Commander's labels", []string{"REDIS_HOSTS", "local:cache:7000,other:cache2:7000:1"}, "redis cache2:7000, redis cache:7000"},
		{"a label elsewhere", []string{"HOSTS", "local:cache:7000"}, ""},
		{"a sibling beats what is usual", []string{"JOOMLA_DB_TYPE", "pgsql", "JOOMLA_DB_HOST", "db"}, "postgresql db:5432"},
		{"ADO.NET", []string{"A", "Server=sql.data;Database=x;User Id=sa;Password=y"}, "sqlserver sql.data:1433"},
		{"Npgsql", []string{"A", "Host=db;Database=x;Username=y"}, "postgresql db:5432"},
		{"MySQL's .NET", []string{"A", "Server=db;Database=x;Uid=root;Pwd=y"}, "mysql db:3306"},
		{"a connection string by its name", []string{"ConnectionStrings__MySql", "Server=db;Database=x;User Id=y"}, "mysql db:3306"},
		{"a connection string by its host", []string{"A", "Server=mysql;Database=x;User Id=y"}, "mysql mysql:3306"},
		{"PDO", []string{"A", "mysql:host=db;dbname=x"}, "mysql db:3306"},
		{"libpq on another port", []string{"A", "host=db port=6000 dbname=x"}, "postgresql db:6000"},
		{"pgpool's nodes", []string{"PGPOOL_BACKEND_NODES", "0:pg-0:5432,1:pg-1:5432"}, "postgresql pg-0:5432, postgresql pg-1:5432"},
		{"JSON", []string{"A", `{"host":"db","port":"5432"}`}, "db:5432"},
		{"JSON with a number", []string{"A", `{"host": "db", "port": 5432}`}, "db:5432"},
		{"JSON with a kind", []string{"A", `{"client":"mysql","connection":{"host":"db"}}`}, "mysql db:3306"},
		{"YAML", []string{"A", "type: redis\nconfig:\n  host: cache\n"}, "redis cache:6379"},
		{"a script is no YAML", []string{"A", "echo type: redis\ncurl host:\n"}, ""},
		{"a placeholder", []string{"A", "jdbc:mysql://${MYSQL_SERVICE_HOST}:3306/x"}, "mysql ?:3306"},
		{"a placeholder without a port", []string{"A", "jdbc:mysql://${MYSQL_SERVICE_HOST}/x"}, "mysql ?:3306"},
		{"a placeholder with a default", []string{"A", "${DB_HOST:-db}:${DB_PORT:-5432}"}, "?:5432"},
		{"a placeholder in a pair", []string{"REDIS_HOST", "$(HOST_IP)"}, "redis ?:6379"},
		{"Connector/J's address", []string{"A", "jdbc:mysql://address=(host=a)(port=3306)(type=master)/x"}, "mysql a:3306"},
		{"a variable called as the middleware", []string{"REDIS", "azure-vote-back"}, "redis azure-vote-back:6379"},
		{"the same, with a port", []string{"REDIS", "azure-vote-back:7000"}, "redis azure-vote-back:7000"},
		{"a switch is no host", []string{"REDIS", "true", "MYSQL", "8.0", "KAFKA", "enabled"}, ""},
		{"a backend", []string{"MEMCACHED_BACKEND", "cache"}, "memcached cache:11211"},
		{"a backend with a port", []string{"REDIS_BACKEND", "cache:7000"}, "redis cache:7000"},
		{"a backend's class", []string{"REDIS_BACKEND", "django_redis.cache.RedisCache"}, ""},
		{"a configuration of .NET", []string{"Redis__Configuration", "cache"}, "redis cache:6379"},
		{"with options", []string{"Redis__ConnectionString", "cache,abortConnect=false", "ConnectionStrings__Valkey", "a,b,password=c,d"}, "redis a:6379, redis b:6379, redis cache:6379"},
		{"a connection string in its section", []string{"ConnectionStrings__Redis", "cache"}, "redis cache:6379"},
		{"a connection's name in Laravel", []string{"REDIS_QUEUE_CONNECTION", "default"}, ""},
		{"eShop's bus", []string{"EventBusConnection", "queue"}, "rabbitmq queue:5672"},
		{"brokers of Kafka without an underscore", []string{"KAFKA_BROKERCONNECT", "a", "KAFKA_BROKERLIST", "b,c"}, "kafka a:9092, kafka b:9092, kafka c:9092"},
		{"one broker on another port", []string{"KAFKA_BROKER", "stream:19092"}, "kafka stream:19092"},
		{"a list of brokers on another port", []string{"KAFKA_BROKERLIST", "a:19092"}, "kafka a:19092"},
		{"quorum and nodes of ZooKeeper", []string{"A_zookeeper_quorum", "zk-0,zk-1", "X_KAFKA_BINDER_ZKNODES", "z"}, "zookeeper z:2181, zookeeper zk-0:2181, zookeeper zk-1:2181"},
		{"Redmine's host under the middleware's name", []string{"REDMINE_DB_MYSQL", "a", "REDMINE_DB_POSTGRES", "b"}, "mysql a:3306, postgresql b:5432"},
		{"a section without the word of the type", []string{"GITEA__database__DB_TYPE", "postgres", "GITEA__database__HOST", "db"}, "postgresql db:5432"},
		{"a connector's class", []string{"X_CONNECTOR_CLASS", "io.debezium.connector.postgresql.PostgresConnector", "X_DATABASE_HOSTNAME", "db", "X_DATABASE_DBNAME", "x"}, "postgresql db:5432"},
		{"a host beside an account", []string{"DB_SERVER_HOST", "db", "MYSQL_USER", "x"}, "mysql db:3306"},
		{"a host beside another account", []string{"DB_HOST", "db", "POSTGRES_DB", "x"}, "postgresql db:5432"},
		{"a host beside two accounts", []string{"DB_HOST", "db", "POSTGRES_USER", "x", "MYSQL_USER", "y"}, ""},
		{"just a host beside an account", []string{"HOST", "db", "PORT", "8080", "POSTGRES_PORT", "5432", "POSTGRES_DB", "gis"}, "postgresql db:5432"},
		{"just a host, of several the first", []string{"HOST", "a", "HOST", "b", "POSTGRES_DB", "x"}, "postgresql a:5432"},
		{"just a host beside a type", []string{"DB_BACKEND", "POSTGRES", "HOST", "db"}, "postgresql db:5432"},
		{"just a host beside one of the kind", []string{"HOST", "shop", "POSTGRES_DB", "x", "POSTGRES_HOST", "db"}, "postgresql db:5432"},
		{"just a host that the world knows", []string{"HOST", "shop.example.com", "POSTGRES_DB", "x"}, ""},
		{"Ruby", []string{"A", "redis['enable'] = false; rails['db_adapter'] = 'postgresql'; rails['db_host'] = 'db'; rails['redis_host'] = 'cache'; rails['redis_port'] = 7000"}, "postgresql db:5432, redis cache:7000"},
		{"Ruby on lines", []string{"A", "rails['db_adapter'] = \"postgresql\"\nrails['db_host'] = \"db\"\nrails['db_port'] = \"6000\"\n"}, "postgresql db:6000"},
		{"PHP", []string{"A", "array('host' => 'db', 'port' => '6000', 'driver' => 'mysql')"}, "mysql db:6000"},
		{"a scheme in front of the scheme", []string{"A", "db+postgresql://u@db/x"}, "postgresql db:5432"},
		{"ZooKeeper's scheme of Pulsar", []string{"A", "zk:coordination:2181"}, "coordination:2181"},
		{"the host of a URL from elsewhere", []string{"A", "postgres://media@$(HOST):5432/x"}, "postgresql ?:5432"},
		{"SRV records beside a kind", []string{"A", "type: MEMCACHED\nconfig:\n  addresses: [dnssrv+_client._tcp.cache.svc]\n"}, "memcached _client._tcp.cache.svc:11211"},
		{"records of Thanos", []string{"A", "--store.memcached.addresses=dns+cache.svc:11211"}, "memcached cache.svc:11211"},
		{"libpq in a URL without a host", []string{"A", "postgresql://dbname=x host=y user=z"}, "postgresql y:5432"},
		{"libpq in a URL's query", []string{"A", "postgres:///shop?host=db"}, "postgresql db:5432"},
	}
	for _, test := range tests {
		t.Run(test.rule, func(t *testing.T) {
			if got := kindsOf(envPod(test.env...)); got != test.want {
				t.Errorf("%q: got %q, want %q", test.env, got, test.want)
			}
		})
	}
}

// Commands of clients say which middleware, or which host and port.
func TestKindsOfCommands(t *testing.T) {
	tests := []struct {
		rule string
		args []string
		want string
	}{
		{"nc", []string{"sh", "-c", "until nc -z rabbitmq 5672; do sleep 1; done"}, "rabbitmq:5672"},
		{"nc with a time", []string{"sh", "-c", "nc -z -w 2 db 3306 && app"}, "db:3306"},
		{"nc as a list", []string{"nc", "-zv", "db", "3306"}, "db:3306"},
		{"telnet", []string{"sh", "-c", "echo x | telnet db 3306"}, "db:3306"},
		{"mysql", []string{"sh", "-c", "mysql -h db -u root"}, "mysql db:3306"},
		{"mysql, the host in the flag", []string{"sh", "-c", "mysql -hdb -uroot"}, "mysql db:3306"},
		{"mysql as a list", []string{"mysqladmin", "ping", "-h", "db"}, "mysql db:3306"},
		{"mysql with a long flag", []string{"sh", "-c", "mysqldump --host=db shop"}, "mysql db:3306"},
		{"on another port", []string{"sh", "-c", "psql -h db -p 6000 -U x"}, "postgresql db:6000"},
		{"with a placeholder", []string{"sh", "-c", "pg_isready -h $DB_HOST -p 5432"}, "postgresql ?:5432"},
		{"redis", []string{"sh", "-c", "redis-cli -h cache ping"}, "redis cache:6379"},
		{"cqlsh", []string{"sh", "-c", "cqlsh cassandra 9142 -e 'x'"}, "cassandra cassandra:9142"},
		{"a device of bash", []string{"bash", "-c", "until (echo > /dev/tcp/db/3306); do sleep 1; done"}, "db:3306"},
		{"the pod itself", []string{"sh", "-c", "mysqladmin ping -h localhost; redis-cli ping"}, ""},
		{"a program for RabbitMQ's administration", []string{"rabbitmqadmin", "--host=queue", "--port=15672"}, "queue:15672"},
		{"a flag with the kind", []string{"--kafka-brokers=broker:29092", "--redis", "cache:7000"}, "kafka broker:29092, redis cache:7000"},
		{"a property of Java", []string{"java", "-Dredis.host=cache", "-Dredis.port=7000", "-jar", "x"}, "redis cache:7000"},
		{"a property of Java with a port", []string{"java", "-Dredis.node=cache:7000"}, "redis cache:7000"},
		{"properties of Java in one text", []string{"sh", "-c", "java -Dredis.host=cache -jar x"}, "redis cache:6379"},
		{"a key with the kind", []string{"sh", "-c", "kafka-topics --create --bootstrap-server broker:29092"}, "kafka broker:29092"},
	}
	for _, test := range tests {
		t.Run(test.rule, func(t *testing.T) {
			pod := &rules.Pod{Containers: []rules.Container{{Name: "app", Command: test.args}}}
			if got := kindsOf(pod); got != test.want {
				t.Errorf("%q: got %q, want %q", test.args, got, test.want)
			}
		})
	}
}

// What speaks HTTP is none of the middleware that shares its port.
func TestAlertmanagerSpeaksHTTP(t *testing.T) {
	for _, env := range [][]string{
		{"ALERTMANAGER", "alertmanager:9093"},
		{"alerting.alertmanagers.static_configs.targets", "alerts:9093"},
		{"A", "--alertmanager.addr=http://shop-alertmanager.monitoring:9093"},
	} {
		if got := Scan(envPod(env...), nil).Addresses; len(got) != 1 || !got[0].HTTP {
			t.Errorf("%q: got %+v, want one address that speaks HTTP", env, got)
		}
	}
	if got := Scan(envPod("TARGETS", "broker:9093"), nil).Addresses; len(got) != 1 || got[0].HTTP {
		t.Errorf("got %+v, want one that may be a broker", got)
	}
}

// What is no evidence, though it looks like it.
func TestNoUse(t *testing.T) {
	tests := []struct {
		rule string
		name string // of the pod
		env  []string
		want string
	}{
		{"the pod's own name", "cart", []string{"REDIS_HOST", "cart", "REDIS_URL", "redis://cart.shop.svc:6379"}, ""},
		{"a name that only begins so", "cart", []string{"REDIS_HOST", "cart-redis"}, "redis cart-redis:6379"},
		{"a server's own listeners", "broker-0", []string{"KAFKA_ADVERTISED_LISTENERS", "PLAINTEXT://kafka:9092", "KAFKA_LISTENERS", "PLAINTEXT://kafka:9092"}, ""},
		{"a quorum's voters", "broker-0", []string{"KAFKA_CONTROLLER_QUORUM_VOTERS", "1@kafka-1:9093,2@kafka-2:9093"}, ""},
		{"a server's peers", "zookeeper", []string{"ZOO_SERVERS", "server.1=zoo1:2888:3888;2181"}, ""},
		{"the seeds of a server's own nodes", "cassandra", []string{"CASSANDRA_SEEDS", "cassandra-0.cassandra"}, ""},
		{"the same of a client", "temporal", []string{"CASSANDRA_SEEDS", "cassandra"}, "cassandra cassandra:9042"},
		{"another server than it is itself", "kafka", []string{"KAFKA_ZOOKEEPER_CONNECT", "zk:2181"}, "zookeeper zk:2181"},
		{"a server by the variables of its image", "db", []string{"MARIADB_ROOT_PASSWORD", "x", "MARIADB_HOST", "shop"}, ""},
		{"a setup of a server is its client", "kafka-setup", []string{"KAFKA_BROKERS", "kafka:9092"}, "kafka kafka:9092"},
		{"an exporter too", "redis-exporter", []string{"REDIS_ADDR", "redis:6379"}, "redis redis:6379"},
		{"switched off", "kong", []string{"KONG_DATABASE", "off", "KONG_PG_HOST", "db"}, ""},
		{"a cache is not switched off by that", "kong", []string{"KONG_DATABASE", "off", "KONG_REDIS_HOST", "cache"}, "redis cache:6379"},
		{"switched off by a word before", "app", []string{"USE_REDIS", "false", "REDIS_HOST", "cache"}, ""},
		{"switched off by a word before, under the same name", "app", []string{"USE_REDIS", "no", "REDIS", "cache", "REDISEARCH_URL", "http://x:81"}, "x:81"},
		{"switched off by a word behind", "app", []string{"REDIS_URL", "redis://cache", "REDIS_ENABLED", "false"}, ""},
		{"switched on", "app", []string{"REDIS_ENABLED", "true", "REDIS_HOST", "cache"}, "redis cache:6379"},
		{"a part of it switched off", "app", []string{"REDIS_SSL_ENABLED", "false", "REDIS_HOST", "cache"}, "redis cache:6379"},
		{"a file instead of a server", "app", []string{"DB_TYPE", "sqlite", "DB_HOST", "mysql"}, ""},
		{"a file for one thing only", "app", []string{"X_DBENGINE", "sqlite", "X_DBHOST", "postgres", "X_REDIS", "redis://cache"}, "redis cache:6379"},
		{"a type of something else", "app", []string{"APP_TYPE", "local", "APP_MYSQL_HOST", "db"}, "mysql db:3306"},
		{"a cache in memory", "app", []string{"CACHE_TYPE", "memory", "CACHE_HOST", "redis"}, ""},
		{"a virtual host", "app", []string{"RABBITMQ_DEFAULT_VHOST", "taiga", "RABBITMQ_VHOST", "taiga"}, ""},
		{"a file behind Django's engine", "app", []string{"DB_ENGINE", "django.db.backends.sqlite3", "DB_HOST", "postgres"}, ""},
		{"a file in a section", "grafana", []string{"GF_DATABASE_TYPE", "sqlite3", "GF_DATABASE_HOST", "mysql"}, ""},
		{"a file, whose section has no word for it", "gitea", []string{"GITEA__database__DB_TYPE", "sqlite3", "GITEA__database__HOST", "postgres"}, ""},
		{"memory instead of a server", "jaeger", []string{"SPAN_STORAGE_TYPE", "memory", "ES_SERVER_URLS", "http://elasticsearch:9200"}, ""},
		{"another server instead", "jaeger", []string{"SPAN_STORAGE_TYPE", "cassandra", "ES_SERVER_URLS", "http://elasticsearch:9200", "CASSANDRA_SERVERS", "ring"}, "cassandra ring:9042"},
		{"another database instead", "kong", []string{"KONG_DATABASE", "postgres", "KONG_PG_HOST", "db", "KONG_CASSANDRA_CONTACT_POINTS", "db", "KONG_REDIS_HOST", "cache"}, "postgresql db:5432, redis cache:6379"},
		{"a proxy's own port", "app", []string{"INSTANCES", "-instances=a:b:c=tcp:5432", "MORE", "-instances=a:b:c=tcp:0.0.0.0:5432"}, ""},
		{"peers with numbers behind the own name", "coordination", []string{"SERVERS", "coordination-0.coordination:22888:23888;coordination-1.coordination:22888:23888"}, ""},
		{"peers that differ in the number", "search-1", []string{"ES_HOSTS", "search-2,search-3"}, ""},
		{"a number on another name", "search-1", []string{"ES_HOSTS", "elastic-1"}, "elasticsearch elastic-1:9200"},
		{"settings of browsers", "web", []string{"NEXT_PUBLIC_REDIS_URL", "redis://cache", "VITE_DB_HOST", "mysql"}, ""},
		{"an example", "app", []string{"REDIS_HOST", "changeme", "DATABASE_URL", "postgres://u:p@placeholder/x"}, ""},
		{"a server beside the middleware", "app", []string{"REDIS_EXPORTER_HOST", "x", "MONGO_EXPRESS_URL", "y:8081"}, "y:8081"},
	}
	for _, test := range tests {
		t.Run(test.rule, func(t *testing.T) {
			pod := envPod(test.env...)
			pod.Name = test.name
			if got := kindsOf(pod); got != test.want {
				t.Errorf("%s, %q: got %q, want %q", test.name, test.env, got, test.want)
			}
		})
	}
}

// A container whose name begins the workload's is what runs there: "ratings" of
// ratings-v2-mysql uses MySQL.
func TestContainersOfNamedWorkloads(t *testing.T) {
	tests := []struct {
		workload, container string
		env                 []string
		want                string
	}{
		{"ratings-v2-mysql", "ratings", []string{"MYSQL_DB_HOST", "mysqldb"}, "mysql mysqldb:3306"},
		{"ratings-v2-mysql", "ratings", []string{"MYSQL_DB_HOST", "mysqldb", "MYSQL_ROOT_PASSWORD", "x"}, ""},
		{"ratings-v2-mysql", "mysql", []string{"MYSQL_DB_HOST", "mysqldb"}, ""},
		{"shop-mysql", "config", []string{"MYSQL_HOST", "other"}, ""},
		{"db-mysql", "db", []string{"MYSQL_HOST", "other"}, ""},
		{"ratings-v2", "ratings", []string{"MYSQL_DB_HOST", "mysqldb"}, "mysql mysqldb:3306"},
	}
	for _, test := range tests {
		pod := envPod(test.env...)
		pod.Name, pod.Containers[0].Name = test.workload, test.container
		if got := kindsOf(pod); got != test.want {
			t.Errorf("%s, container %s, %q: got %q, want %q", test.workload, test.container, test.env, got, test.want)
		}
	}
}

// A value from a Secret stays a reference in the texts that have it: its host is not
// known. A password is left out.
func TestReferencesToSecrets(t *testing.T) {
	pod := envPod("DATABASE_URL", "postgres://media:$(PASSWORD)@$(HOST):5432/x", "REDIS_URL", "redis://:$(PASSWORD)@cache", "DSN", "u:$(PASSWORD)@tcp(db)/x", "OWN", "redis://$(POD_IP):7000")
	secret := &rules.ValueFrom{SecretKeyRef: rules.KeyRef{Name: "s", Key: "k"}}
	pod.Containers[0].Env = append([]rules.EnvVar{{Name: "HOST", ValueFrom: secret}, {Name: "PASSWORD", ValueFrom: secret}, {Name: "POD_IP", ValueFrom: &rules.ValueFrom{}}}, pod.Containers[0].Env...)
	if got, want := kindsOf(pod), "mysql db:3306, postgresql ?:5432, redis cache:6379"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
