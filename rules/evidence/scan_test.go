package evidence

import (
	"slices"
	"strings"
	"testing"

	"github.com/holdfast-mesh/holdfast/rules"
)

// addressesOf are the addresses that a pod shows, as texts.
func addressesOf(pod *rules.Pod) []string {
	var texts []string
	for _, a := range Scan(pod, nil).Addresses {
		if text := a.String(); !slices.Contains(texts, text) {
			texts = append(texts, text)
		}
	}
	slices.Sort(texts)
	return texts
}

func envPod(pairs ...string) *rules.Pod {
	c := rules.Container{Name: "app"}
	for i := 0; i+1 < len(pairs); i += 2 {
		c.Env = append(c.Env, rules.EnvVar{Name: pairs[i], Value: pairs[i+1]})
	}
	return &rules.Pod{Containers: []rules.Container{c}}
}

func TestAddressesInOneValue(t *testing.T) {
	tests := []struct {
		rule  string // what the case says
		value string
		want  string // space separated, sorted
	}{
		// URLs.
		{"a URL with a port", "redis://cache:6379", "cache:6379"},
		{"a database after the port", "redis://cache:6379/0", "cache:6379"},
		{"credentials are no host", "redis://user:p%40ss@cache:6379/0", "cache:6379"},
		{"a password alone", "redis://:secret@cache:6379", "cache:6379"},
		{"the default port of a scheme", "redis://cache", "cache:6379"},
		{"TLS redis has the same port", "rediss://cache.example.com/1", "cache.example.com:6379"},
		{"a scheme in upper case", "REDIS://Cache", "cache:6379"},
		{"mysql", "mysql://root:pw@db/shop", "db:3306"},
		{"mariadb", "mariadb://db", "db:3306"},
		{"postgres", "postgres://db/shop?sslmode=require", "db:5432"},
		{"postgresql with several hosts", "postgresql://u:p@db1,db2:5433/shop", "db1:5432 db2:5433"},
		{"mongodb with several hosts", "mongodb://u:p@m1:27017,m2:27018,m3/db?replicaSet=rs0", "m1:27017 m2:27018 m3:27017"},
		{"SRV records keep the usual port", "mongodb+srv://u:p@cluster0.abcde.mongodb.net/db", "cluster0.abcde.mongodb.net:27017"},
		{"memcached", "memcached://cache", "cache:11211"},
		{"amqp", "amqp://guest:guest@rabbit/vhost", "rabbit:5672"},
		{"amqp with TLS has a port of its own", "amqps://rabbit", "rabbit:5671"},
		{"ldap with TLS has a port of its own", "ldaps://ad.example.com", "ad.example.com:636"},
		{"kafka", "kafka://broker", "broker:9092"},
		{"zookeeper", "zookeeper://zk", "zk:2181"},
		{"sqlserver", "sqlserver://sa:pw@db?database=shop", "db:1433"},
		{"a scheme that nobody knows, with a port", "tcp://10.1.2.3:6379", "10.1.2.3:6379"},
		{"a scheme that nobody knows, without a port", "s3://bucket/key", ""},
		{"a dialect of a scheme has its port", "mysql+pymysql://u:p@db/shop postgresql+asyncpg://pg/shop", "db:3306 pg:5432"},
		{"names that frameworks have for schemes", "mysql2://db/shop postgis://geo/shop mysqlx://db2", "db2:33060 db:3306 geo:5432"},
		{"servers without an entry in the table", "nats://n mqtt://m mqtts://m ws://w wss://w", "m:1883 m:8883 n:4222 w:443 w:80"},
		{"sentinels", "redis-sentinel://s1,s2/0 redis+sentinel://s3/mymaster", "s1:26379 s2:26379 s3:26379"},
		{"http's own ports", "http://search.example.com/x https://api.example.com", "api.example.com:443 search.example.com:80"},
		{"an IPv6 host", "redis://[2001:db8::1]:6379/0", "[2001:db8::1]:6379"},
		{"an IPv6 host with the default port", "redis://[2001:db8::1]", "[2001:db8::1]:6379"},
		{"two URLs", "amqp://u:p@r1:5672,amqp://u:p@r2:5672", "r1:5672 r2:5672"},
		{"two URLs without ports", "amqp://r1,amqp://r2", "r1:5672 r2:5672"},
		{"a URL in prose", "connect to redis://cache:6379, then wait", "cache:6379"},
		{"a URL in JSON", `{"addr":"redis://cache:6379"}`, "cache:6379"},
		{"a Unix socket", "unix:///var/run/redis.sock", ""},
		{"redis over a Unix socket", "redis+unix:///var/run/redis.sock", ""},
		{"a password without a host", "redis://user:secret", ""},
		// Passwords that were not escaped.
		{"a password with a slash", "redis://u:p/w@cache:6379/0", "cache:6379"},
		{"a password with a question mark", "redis://u:p?w@cache:6379/0", "cache:6379"},
		{"a password with an at sign", "redis://u:p@w@cache:6379/0", "cache:6379"},
		{"what may be a password is not shown", "redis://u:12/3@cache:6379", "***:12 cache:6379"},
		{"an at sign in the query hides the host, as nobody can tell", "mysql://db:3306/app?user=me@corp", "***:3306"},
		// JDBC.
		{"JDBC", "jdbc:mysql://db:3306/shop?useSSL=false", "db:3306"},
		{"JDBC with several hosts", "jdbc:mysql://h1:3306,h2:3307/shop", "h1:3306 h2:3307"},
		{"JDBC with a mode and no port", "jdbc:mysql:loadbalance://h1,h2/shop", "h1:3306 h2:3306"},
		{"JDBC for SQL Server", "jdbc:sqlserver://db:1433;databaseName=shop;encrypt=true", "db:1433"},
		{"JDBC for an instance of SQL Server", `jdbc:sqlserver://db\SQLEXPRESS;databaseName=x`, "db:1433"},
		{"JDBC for Oracle, service", "jdbc:oracle:thin:@//ora:1521/shop", "ora:1521"},
		{"JDBC for Oracle, SID", "jdbc:oracle:thin:@ora:1521:shop", "ora:1521"},
		{"JDBC for Oracle, with credentials", "jdbc:oracle:thin:scott/tiger@ora:1521:shop", "ora:1521"},
		{"JDBC for Oracle, long form", "jdbc:oracle:thin:@(DESCRIPTION=(ADDRESS=(PROTOCOL=TCP)(HOST=ora)(PORT=1521)))", "ora:1521"},
		{"JDBC for SQL Server, host as a property", "jdbc:sqlserver://;serverName=db;portNumber=1434", "db:1434"},
		{"JDBC for MySQL, keys and values", "jdbc:mysql://(host=h1,port=3307),(host=h2,port=3308)/shop", "h1:3307 h2:3308"},
		// host:port.
		{"a short name", "redis:6379", "redis:6379"},
		{"a service's name", "redis-master.shop.svc.cluster.local:6379", "redis-master.shop.svc.cluster.local:6379"},
		{"a final dot is not part of the name", "cache.example.com.:6379", "cache.example.com:6379"},
		{"upper case", "Cache.Example.COM:6379", "cache.example.com:6379"},
		{"IPv4", "10.20.1.5:6379", "10.20.1.5:6379"},
		{"IPv6", "[2001:db8::1]:6379", "[2001:db8::1]:6379"},
		{"v4-mapped addresses are IPv4", "[::ffff:10.20.1.5]:6379", "10.20.1.5:6379"},
		{"a comma list", "a:6379,b:6379", "a:6379 b:6379"},
		{"a list with blanks and semicolons", "a:6379; b:6380 c:6381", "a:6379 b:6380 c:6381"},
		{"a list of weighted servers", "c1:11211:1,c2:11211:2", "c1:11211 c2:11211"},
		{"Go's MySQL form", "user:pass@tcp(db:3306)/shop?parseTime=true", "db:3306"},
		{"Go's MySQL form without a port", "user:pass@tcp(db)/shop", "db:3306"},
		{"Go's MySQL form over a socket", "user:pass@unix(/tmp/mysql.sock)/shop", ""},
		{"credentials without a scheme", "user:1234@cache:6379", "cache:6379"},
		{"an assignment", "addr=cache:6379", "cache:6379"},
		{"YAML", "redis:\n  addr: cache:6379\n", "cache:6379"},
		{"JSON", `{"redis":{"addr":"cache:6379"}}`, "cache:6379"},
		// Key and value.
		{"libpq", "host=db port=5433 user=u dbname=shop", "db:5433"},
		{"libpq without a port", "host=db user=u dbname=shop", "db:5432"},
		{"libpq in a URL's query", "postgres:///shop?host=db&port=5433", "db:5433"},
		{"libpq in quotes", `psql "host=db port=5433 dbname=shop"`, "db:5433"},
		{"ADO with a comma", "Server=db,1433;Database=shop;User Id=sa", "db:1433"},
		{"ADO with tcp:", "Server=tcp:db.example.com,1433;Database=shop", "db.example.com:1433"},
		{"ADO, data source", "Data Source=db,1433;Initial Catalog=shop", "db:1433"},
		{"ADO for MySQL", "Server=db;Port=3306;Database=shop", "db:3306"},
		{"Java properties", "-Xmx1g -Dredis.host=cache -Dredis.port=6380", "cache:6380"},
		{"Java properties without others before", "-Dredis.host=cache -Dredis.port=6380", "cache:6380"},
		{"flags with values of their own", "--redis-host cache --redis-port 6380", "cache:6380"},
		// Not addresses.
		{"a time", "12:30", ""},
		{"a time with seconds", "at 12:30:45", ""},
		{"a date with a time", "2024-01-01T12:30:45 2024-01-01T12:30:45Z", ""},
		{"a version", "v1.2.3", ""},
		{"a version with something that looks like a port", "v1.2.3:6379 1.2.3:6379", ""},
		{"an image with a version", "registry.example.com/library/redis:7", ""},
		{"an image with a tag of letters", "redis:7-alpine", ""},
		{"a fragment of IPv6", "fe80::1:6379", ""},
		{"a MAC", "aa:11:bb:22:cc:33", ""},
		{"a Windows path", `C:\data\6379`, ""},
		{"a log format", "%d{HH:mm:ss.SSS} %-5level", ""},
		{"a port range", "7000:7005", ""},
		{"a port alone", ":6379", ""},
		{"port 0", "redis:0", ""},
		{"a port that is too large", "redis:65536", ""},
		{"a port with a leading zero", "redis:06379", ""},
		{"six digits", "redis:637900", ""},
		{"the top of a path", "/redis:6379", ""},
		{"a port of six digits", "redis:163790", ""},
		{"no host in front of a port", ":6379 !:6379 ]:6379", ""},
		{"a label in a path", "/var/lib/redis:6379", ""},
		{"JSON numbers", `{"replicas":3,"port":6379}`, ""},
		{"an e-mail address", "ops@example.com", ""},
		{"nothing", "", ""},
		{"colons only", ":::::", ""},
		{"a broken bracket", "]:6379", ""},
		{"brackets around a name", "[redis]:6379", ""},
		// The pod's own.
		{"localhost", "redis://localhost:6379", ""},
		{"the first and the last letters and digits", "AZaz09:6379 db:65535", "azaz09:6379 db:65535"},
		{"a connection string that begins with a semicolon", ";host=db;port=5432", "db:5432"},
		{"options in parentheses, after others", "(a=1,host=db,port=3306)", "db:3306"},
		{"a command line as one text", "--db-host db --db-port 3307", "db:3307"},
		{"a port that is none", "db:65536", ""},
		{"an IPv6 address after a long text", strings.Repeat("word ", 30) + "to [2001:db8::1]:6379", "[2001:db8::1]:6379"},
		{"a protocol before a host", "tcp:a:1433 xtcp:b:1433 Server=TCP:c:1433 udp:d:1433", "a:1433 c:1433"},
		{"a protocol at the very start", "tcp:db:1433", "db:1433"},
		{"the end of a sentence", "see a:1. Then b:2.", "a:1 b:2"},
		{"a fraction is no port", "a:1.5", ""},
		{"a user without name and password", "redis://@cache:6379", "cache:6379"},
		{"a colon before a scheme", ":mysql://db", "db:3306"},
		{"loopback", "127.0.0.1:6379 [::1]:6379", ""},
		{"where a server listens", "0.0.0.0:6379 [::]:6379", ""},
		// Secrets beside addresses.
		{"a password's value is not read", "host=db port=5432 password=x:12", "db:5432"},
		{"a list in a password is not read", "user=u password=ab,x:12", ""},
		{"what follows a password is read", "password=ab;a:1 password=ab&b:2 password=ab?c:3", "a:1 b:2 c:3"},
		{"a quote ends a password", "'password=ab'd:4 \"password=ab\"e:5 `password=ab`f:6 (password=ab(g:7", "d:4 e:5 f:6 g:7"},
		{"a password in JSON is not read", `{"password":"x:12","addr":"cache:6379"}`, "cache:6379"},
		{"a password in YAML is not read", "password: x:12\naddr: cache:6379", "cache:6379"},
	}
	for _, test := range tests {
		t.Run(test.rule, func(t *testing.T) {
			got := strings.Join(addressesOf(envPod("VALUE", test.value)), " ")
			if got != test.want {
				t.Errorf("%q: got %q, want %q", test.value, got, test.want)
			}
		})
	}
}

func TestAddressesInVariables(t *testing.T) {
	tests := []struct {
		rule string
		env  []string
		want string
	}{
		{"host and port", []string{"DB_HOST", "db", "DB_PORT", "3307"}, "db:3307"},
		{"the port may come first", []string{"DB_PORT", "3307", "DB_HOST", "db"}, "db:3307"},
		{"hostname", []string{"DB_HOSTNAME", "db", "DB_PORT", "3307"}, "db:3307"},
		{"addr", []string{"DB_ADDR", "db", "DB_PORT", "3307"}, "db:3307"},
		{"address", []string{"DB_ADDRESS", "10.1.2.3", "DB_PORT", "3307"}, "10.1.2.3:3307"},
		{"server", []string{"DB_SERVER", "db", "DB_PORT", "3307"}, "db:3307"},
		{"service host", []string{"DB_SERVICE_HOST", "db", "DB_SERVICE_PORT", "3307"}, "db:3307"},
		{"service host with a plain port", []string{"DB_SERVICE_HOST", "db", "DB_PORT", "3307"}, "db:3307"},
		{"several hosts", []string{"DB_HOSTS", "a,b", "DB_PORT", "3307"}, "a:3307 b:3307"},
		{"libpq's names have no underscore", []string{"PGHOST", "db", "PGPORT", "5433"}, "db:5433"},
		{"libpq's default", []string{"PGHOST", "db"}, "db:5432"},
		{"the port's number", []string{"DB_HOST", "db", "DB_PORT_NUMBER", "3307"}, "db:3307"},
		{"the port of the service", []string{"DB_HOST", "db", "DB_SERVICE_PORT", "3307"}, "db:3307"},
		{"host_name", []string{"DB_HOST_NAME", "db", "DB_PORT", "3307"}, "db:3307"},
		{"endpoint", []string{"REDIS_ENDPOINT", "cache", "DB_ENDPOINT", "db", "DB_PORT", "3307"}, "cache:6379 db:3307"},
		{"a URL that is only a name", []string{"DB_URL", "db", "DB_PORT", "3307"}, "db:3307"},
		{"an IP", []string{"DB_IP", "10.1.2.3", "DB_PORT", "3307"}, "10.1.2.3:3307"},
		{"servers, brokers, nodes", []string{"MEMCACHED_SERVERS", "a,b", "KAFKA_BROKERS", "k", "REDIS_NODES", "r"}, "a:11211 b:11211 k:9092 r:6379"},
		{"words that only end so", []string{"REDIS_ZIP", "file", "REDIS_CURL", "yes", "REDIS_MEDIAURL", "file"}, ""},
		{"a number of nodes, a switch", []string{"REDIS_NODES", "3", "REDIS_SERVER", "true", "MYSQL_SERVER", "False"}, ""},
		{"a scheme in the host, and no port in it", []string{"REDIS_HOST", "tls://cache", "REDIS_PORT", "6380", "ES_HOST", "http://search", "ES_PORT", "9200"}, "cache:6380 search:80 search:9200"},
		{"a scheme in the host, and no port anywhere", []string{"REDIS_HOST", "tls://cache", "ELASTICSEARCH_URL", "http://search"}, "search:80"},
		{"credentials in the host", []string{"REDIS_HOST", "tls://u/12@cache", "REDIS_PORT", "6380"}, ""},
		{"IPv6 without brackets", []string{"DB_HOST", "2001:db8::1", "DB_PORT", "3307"}, "[2001:db8::1]:3307"},
		{"a prefix that names middleware", []string{"REDIS_HOST", "cache"}, "cache:6379"},
		{"names that end behind the last of the letters", []string{"DB_HOST{", "db", "DB_HOST[", "db", "DB_PORT", "3307"}, ""},
		{"a prefix with the last of the letters", []string{"ZOOKEEPER_HOST", "zk"}, "zk:2181"},
		{"an alias", []string{"POSTGRES_HOST", "db"}, "db:5432"},
		{"a word within the prefix", []string{"CACHE_REDIS_MASTER_HOST", "cache"}, "cache:6379"},
		{"dots and lower case, as Spring has them", []string{"spring.redis.host", "cache"}, "cache:6379"},
		{"the pair's port beats the default", []string{"REDIS_HOST", "cache", "REDIS_PORT", "7000"}, "cache:7000"},
		{"a port from elsewhere leaves the default", []string{"REDIS_HOST", "cache", "REDIS_PORT", ""}, "cache:6379"},
		{"a host from elsewhere is no evidence", []string{"REDIS_HOST", "", "REDIS_PORT", "6379"}, ""},
		{"a prefix that names nothing", []string{"DB_HOST", "db"}, ""},
		{"HOST and PORT alone are the pod's own", []string{"HOST", "web", "PORT", "8080"}, ""},
		{"ports of others do not count", []string{"DB_HOST", "db", "CACHE_PORT", "6379"}, ""},
		{"a docker link", []string{"REDIS_PORT", "tcp://10.1.2.3:6379"}, "10.1.2.3:6379"},
		{"a reference", []string{"H", "cache", "URL", "redis://$(H):6379"}, "cache:6379"},
		{"references nest, and only the last one shows an address", []string{"H", "cache", "A", "$(H)", "B", "$(A)", "URL", "redis://$(A):6379", "U", "redis://$(B):6380"}, "cache:6379 cache:6380"},
		{"a dollar at the end", []string{"H", "cache", "URL", "$(H):6379 $"}, "cache:6379"},
		{"IPv6 in brackets", []string{"DB_HOST", "[2001:db8::1]", "DB_PORT", "3307"}, "[2001:db8::1]:3307"},
		{"references nest", []string{"H", "cache", "A", "$(H):6379", "URL", "redis://$(A)"}, "cache:6379"},
		{"a reference to what comes later stays as it is", []string{"URL", "redis://$(H):6379", "H", "cache"}, "?:6379"},
		{"two dollars are one", []string{"H", "cache", "URL", "redis://$$(H):6379"}, "?:6379"},
		{"a reference to a secret is empty", []string{"PW", "", "URL", "redis://:$(PW)@cache:6379"}, "cache:6379"},
		{"a reference in a pair", []string{"H", "cache", "REDIS_HOST", "$(H)"}, "cache:6379"},
		{"a reference to itself stays as it is", []string{"A", "$(A):6379"}, "?:6379"},
		{"the value of a secret is not read", []string{"REDIS_PASSWORD", "x:6379", "API_TOKEN", "y:6379", "accessKey", "z:6379"}, ""},
		{"only the end of a name makes a secret", []string{"TOKEN_CACHE_ADDR", "cache:6379"}, "cache:6379"},
		{"what may be a secret is not shown", []string{"DB_PASSWORD_OLD", "x:6379", "PASSWORD2", "y:6380", "ADMIN_USER", "admin:1234"}, "***:1234 ***:6379 ***:6380"},
	}
	for _, test := range tests {
		t.Run(test.rule, func(t *testing.T) {
			got := strings.Join(addressesOf(envPod(test.env...)), " ")
			if got != test.want {
				t.Errorf("%q: got %q, want %q", test.env, got, test.want)
			}
		})
	}
}

func TestAddressesInArguments(t *testing.T) {
	tests := []struct {
		rule          string
		command, args []string
		want          string
	}{
		{"a flag with an equals sign", nil, []string{"--redis-addr=cache:6379"}, "cache:6379"},
		{"a flag and its value", nil, []string{"--redis-addr", "cache:6379"}, "cache:6379"},
		{"a URL", []string{"app", "redis://cache"}, nil, "cache:6379"},
		{"host and port flags", nil, []string{"--db-host=db", "--db-port=3307"}, "db:3307"},
		{"host and port flags with values of their own", nil, []string{"--db-host", "db", "--db-port", "3307"}, "db:3307"},
		{"plain host and port flags", nil, []string{"--host", "db", "--port", "3307"}, "db:3307"},
		{"flags over command and args", []string{"app", "--db-host=db"}, []string{"--db-port=3307"}, "db:3307"},
		{"the port's flag beats the default", nil, []string{"--redis-host=cache", "--redis-port=7000"}, "cache:7000"},
		{"a shell's line", []string{"sh", "-c", "exec app --redis cache:6379"}, nil, "cache:6379"},
		{"flags in a shell's line", []string{"sh", "-c", "exec app --db-host db --db-port 3307"}, nil, "db:3307"},
		{"flags in a shell's line, with equals signs", []string{"sh", "-c", "exec app --db-host=db --db-port=3307"}, nil, "db:3307"},
		{"several commands in a shell's line", []string{"sh", "-c", "redis-cli -h cache -p 6380; mysql -P 3307 -h 'db' &&\napp"}, nil, "cache:6380 db:3307"},
		{"short flags", []string{"redis-cli", "-h", "cache", "-p", "6380"}, nil, "cache:6380"},
		{"mysql's short flags", []string{"mysql", "-h", "db", "-P", "3307"}, nil, "db:3307"},
		{"a short flag for help", []string{"app", "-h"}, []string{"-p", "3307"}, ""},
		{"assignments", []string{"env", "DB_HOST=db", "DB_PORT=3307", "app"}, nil, "db:3307"},
		{"assignments in flags", nil, []string{"--set", "redis.host=cache", "--set", "redis.port=6380"}, "cache:6380"},
		{"several flags in one argument", nil, []string{"-Dredis.host=cache -Dredis.port=6380"}, "cache:6380"},
		{"a URL is no assignment", nil, []string{"http://search:9200/?q=1"}, "search:9200"},
		{"an assignment of a secret with a colon is not read", nil, []string{"--password:=x:12"}, ""},
		{"an assignment of a secret is not read", nil, []string{"DB_PASSWORD=x:12", "--from-literal", "password=y:13"}, ""},
		{"credentials in a short flag are not shown", []string{"sh", "-c", "curl -u admin:1234 http://es; redis-cli -a x:12"}, []string{"-u", "admin:1235"}, "***:12 ***:1234 ***:1235 es:80"},
		{"what follows a password's flag is not read", nil, []string{"--password", "x:6379", "--token=y:6379"}, ""},
		{"where a server listens", nil, []string{"--listen=0.0.0.0:6379", "--bind", ":6379"}, ""},
	}
	for _, test := range tests {
		t.Run(test.rule, func(t *testing.T) {
			pod := &rules.Pod{Containers: []rules.Container{{Name: "app", Command: test.command, Args: test.args}}}
			if got := strings.Join(addressesOf(pod), " "); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

// Variables reach command and args, all of them; and those of one container
// stay in it.
func TestReferencesReachArguments(t *testing.T) {
	pod := &rules.Pod{Containers: []rules.Container{
		{Name: "a", Env: []rules.EnvVar{{Name: "H", Value: "cache"}}, Args: []string{"--redis=$(H):6379"}},
		{Name: "b", Args: []string{"--redis=$(H):6380"}},
	}}
	if got := strings.Join(addressesOf(pod), " "); got != "?:6380 cache:6379" {
		t.Errorf("got %q, want cache:6379, and a host that is not known", got)
	}
}

// Every address says which container and text shows it.
func TestWhere(t *testing.T) {
	pod := &rules.Pod{Containers: []rules.Container{
		{Name: "init"},
		{Name: "cart", Command: []string{"app", "a:1"}, Args: []string{"b:2"}, Env: []rules.EnvVar{{Name: "X"}, {Name: "URL", Value: "c:3"}}},
	}}
	var got []string
	for _, a := range Scan(pod, nil).Addresses {
		got = append(got, a.Where())
	}
	want := []string{"container cart, env URL", "container cart, command[1]", "container cart, args[0]"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// What Istio's own containers talk to is no evidence, whoever wrote them.
func TestIstiosOwnContainers(t *testing.T) {
	pod := envPod("REDIS_URL", "redis://cache:6379")
	for _, name := range []string{"istio-proxy", "istio-init", "istio-validation"} {
		pod.Containers = append(pod.Containers, rules.Container{
			Name: name, Command: []string{"run", "--to=db:3306"}, Args: []string{"istio-iptables", "--redis=cache:6380"},
			Env: []rules.EnvVar{{Name: "CA_ADDR", Value: "istiod.istio-system.svc:15012"}},
		})
	}
	if got := addressesOf(pod); !slices.Equal(got, []string{"cache:6379"}) {
		t.Errorf("got %q, want the application's address only", got)
	}
}
