package configmaps

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/holdfast-mesh/holdfast/rules"
	"github.com/holdfast-mesh/holdfast/rules/evidence/texts"
)

// kept is what is kept of one key, as "name=value".
func kept(key, value string) string {
	var list []string
	for s := range Reduce(map[string]string{key: value}).All() {
		list = append(list, s.Name+"="+s.Value)
	}
	return strings.Join(list, "|")
}

// Addresses, and what belongs to one, are kept; everything else is not, above all no
// secret.
func TestReduce(t *testing.T) {
	for _, test := range []struct{ rule, key, value, want string }{
		{"a host by the key's name", "DB_HOST", "db", "=db"},
		{"a port", "DB_PORT", "3306", "=3306"},
		{"a kind", "DB_TYPE", "mysql", "=mysql"},
		{"no kind", "DB_TYPE", "fast", ""},
		{"a switch", "REDIS_ENABLED", "false", "=false"},
		{"a host that says what it is", "primary-of-shop", "postgres", "=postgres"},
		{"a name with dots, however called", "where", "cache.data.svc.cluster.local", "=cache.data.svc.cluster.local"},
		{"an IP, however called", "where", "10.1.2.3", "=10.1.2.3"},
		{"a version", "where", "1.27.3", ""},
		{"a word", "LOG_LEVEL", "info", ""},
		{"words", "GREETING", "Hello, and welcome to the shop", ""},
		{"a list", "BROKERS", "a:9092,b:9092", "=a:9092,b:9092"},
		{"a URL, without password and path", "URL", "redis://user:s3cret@cache:6379/0?token=s3cret", "=redis://cache:6379"},
		{"a JDBC URL", "URL", "jdbc:mysql://db/shop?user=u&password=s3cret", "=mysql://db:3306"},
		{"HTTP stays HTTP", "URL", "https://alertmanager:9093/s3cret", "=http://alertmanager:9093"},
		{"a password with a colon", "LOGIN_URL", "admin:s3cret", ""},
		{"keys and values", "DSN", "host=db port=5433 user=u password=s3cret dbname=shop", "=postgresql://db:5433"},
		{"Go's DSN", "DSN", "u:s3cret@tcp(db:3306)/shop", "=mysql://db:3306 //db:3306"},
		{"a host that may be part of a password", "URL", "s3cret:1234 x@cache:6379", "=//cache:6379"},
		{"arguments", "REDIS_ARGS", "--requirepass s3cret", ""},
		{"a placeholder", "URL", "jdbc:mysql://${DB_HOST}:3306/shop", "=mysql://${HOST}:3306"},
		{"a secret by its name", "DB_PASSWORD", "db:3306", ""},
		{"perhaps a secret", "SECRET_HOST", "s3cret", ""},
		{"a user", "REDIS_USER", "s3cret", ""},
		{"what only servers have", "MYSQL_ROOT_PASSWORD", "s3cret", "=-"},
		{"a file", "application.yaml", "spring:\n  redis:\n    host: cache\n    password: s3cret\n    database: 0\n  app: shop\n", "spring.redis.host=cache"},
		{"a file in a key without an ending", "config", "[database]\ntype = mysql\nuser = u\npassword = s3cret\nhost = db\n", "database.type=mysql|database.host=db"},
		{"a certificate", "ca.crt", "-----BEGIN CERTIFICATE-----\nHOST: db\n-----END CERTIFICATE-----\n", ""},
		{"Redis' own configuration", "redis.conf", "port 6379\nreplicaof redis-0 6379\nrequirepass s3cret\n", ""},
		{"MySQL's", "my.cnf", "[mysqld]\nport=3306\nbind-address=mysql\n", ""},
		{"PostgreSQL's", "postgresql.conf", "listen_addresses = '*'\nprimary_conninfo = 'host=pg-0 port=5432 user=r password=s3cret'\n", ""},
		{"of a broker's, what it is a client of", "server.properties", "listeners=PLAINTEXT://kafka:9092\nadvertised.listeners=PLAINTEXT://kafka:9092\nzookeeper.connect=zk:2181\n", "zookeeper.connect=zk:2181"},
	} {
		got := kept(test.key, test.value)
		if got != test.want {
			t.Errorf("%s:\ngot  %s\nwant %s", test.rule, got, test.want)
		}
		if strings.Contains(got, "s3cret") {
			t.Errorf("%s: a secret is kept: %s", test.rule, got)
		}
	}
}

// found is what variables show together: as a pod has them, or from what is kept of them.
func found(settings []rules.Setting) []string {
	var all sink
	r := texts.Reader{Sink: &all}
	r.Variables()
	for _, s := range settings {
		r.Variable(s.Key, s.Value)
	}
	r.Join()
	return all
}

// sink lists what is found and not hidden: that is never kept.
type sink []string

func (s *sink) Add(f *texts.Found) {
	if !f.Hidden && f.Port != 0 {
		*s = append(*s, fmt.Sprintln(f.Host, f.IP, f.Port, f.Kind, f.HTTP, f.Unresolved))
	}
}
func (s *sink) Full() bool { return false }

// Variables that stand in a ConfigMap show the same as variables of the pod.
func TestReducedShowsTheSame(t *testing.T) {
	names := rapid.SampledFrom([]string{
		"DB_HOST", "DB_PORT", "DB_URL", "DB_NAME", "REDIS_HOST", "REDIS_PORT", "REDIS_URL", "REDIS", "redis.host", "redisHost", "CACHE_HOST",
		"MONGO_URI", "KAFKA_BOOTSTRAP_SERVERS", "SPRING_RABBITMQ_HOST", "ES_SEEDS", "WORDPRESS_DB_HOST", "PMA_HOST", "KC_DB_URL_HOST", "LOG_LEVEL", "DSN", "ConnectionStrings__Default", "MessageBroker__Host", "X",
	})
	values := rapid.SampledFrom([]string{
		"db", "redis", "mysql", "shop-postgresql.data.svc", "10.0.0.5", "2001:db8::1", "[2001:db8::1]:6379", "3306", "6379", "5432,5433", "postgres", "pdo_mysql", "true", "false", "off",
		"cache:6379", "a:9092,b:9093", "redis://cache", "redis://u:p@cache:7000/0", "mongodb://u:p@a:27017,b:27018/x?y=z", "jdbc:mariadb://db:4001/shop", "http://search:9200", "https://api.example.com",
		"Server=sql.data;Database=shop;User Id=sa;Password=p", "Host=pg;Database=x;Username=u;Password=p", "host=db port=5433 dbname=x", "u:p@tcp(db:3307)/shop", "amqp://rabbit", "jdbc:oracle:thin:@ora:1521:XE",
		"jdbc:sqlserver://mssql:1433;databaseName=x;user=sa;password=p", "${DB_HOST}:3306", "jdbc:mysql://${MYSQL_HOST}:3306/x", "a, b", "tls://cache", "localhost:6379", "info", "some words", "1.2.3",
	})
	types := rapid.SampledFrom([]string{"DB_TYPE", "CACHE_DRIVER", "KC_DB"}) // nobody writes a URL there
	kinds := rapid.SampledFrom([]string{"mysql", "pdo_mysql", "redis", "postgres", "off", "none", "memory", "3306"})
	rapid.Check(t, func(t *rapid.T) {
		data := map[string]string{}
		var plain []rules.Setting
		if rapid.Bool().Draw(t, "typed") {
			name := types.Draw(t, "name")
			data[name] = kinds.Draw(t, "kind")
			plain = append(plain, rules.Setting{Key: name, Value: data[name]})
		}
		for range rapid.IntRange(1, 6).Draw(t, "variables") {
			name := names.Draw(t, "name")
			if _, ok := data[name]; !ok {
				data[name] = values.Draw(t, "value")
				plain = append(plain, rules.Setting{Key: name, Value: data[name]})
			}
		}
		slices.SortFunc(plain, func(a, b rules.Setting) int { return strings.Compare(a.Key, b.Key) })
		want, got := found(plain), found(slices.Collect(Reduce(data).All()))
		slices.Sort(want)
		slices.Sort(got)
		if !slices.Equal(slices.Compact(want), slices.Compact(got)) {
			t.Errorf("of %v:\ngot  %q\nwant %q\nkept %v", data, got, want, slices.Collect(Reduce(data).All()))
		}
	})
}

// No part of a value that stands where passwords stand is kept, whatever it looks like.
func TestNoPasswordIsKept(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const mark = "Zq9Zq9"
		secret := mark + rapid.StringMatching(`[a-z0-9:/?#%.,;&=-]{0,12}`).Draw(t, "secret")
		form := rapid.SampledFrom([]string{
			"redis://:%s@cache:6379/0", "mysql://u:%s@db/x", "postgres://u:%s@db:5432/x?sslmode=off", "host=db password=%s", "Server=db,1433;Password=%s", "u:%s@tcp(db:3306)/x",
			"amqp://u:%s@a:5672,amqp://u:%[1]s@b:5672", "--requirepass %s", "password: %s\nhost: db\n", "redis:\n  url: redis://:%s@cache:6379\n  auth: %[1]s\n", `{"password":"%s","host":"db"}`, "[db]\npassword = %s\n",
		}).Draw(t, "form")
		key := rapid.SampledFrom([]string{"REDIS_URL", "DB_HOST", "application.yaml", "config.json", "app.ini", "dsn", "x"}).Draw(t, "key")
		c := Reduce(map[string]string{key: fmt.Sprintf(form, secret)})
		for s := range c.All() {
			if strings.Contains(strings.ToLower(s.Value), strings.ToLower(mark)) {
				t.Fatalf("of %s in %q, %q is kept", secret, form, s.Value)
			}
		}
	})
}

// The largest ConfigMap that there can be, of whatever: little is kept.
func TestLargeConfigMaps(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	hosts, lines := map[string]string{}, strings.Builder{}
	for i := range 8000 {
		hosts[fmt.Sprintf("SERVICE_%d_HOST", i)] = fmt.Sprintf("host-%d.example.com", i)
		fmt.Fprintf(&lines, "service%d.url = redis://u:p@cache-%d:6379/%d\n", i, i, random.IntN(100))
	}
	for rule, data := range map[string]map[string]string{
		"thousands of keys": hosts,
		"one file":          {"app.properties": strings.Repeat(lines.String(), 2)},
		"one line":          {"DB_HOST": strings.Repeat("a:1,", 250_000)},
		"brackets":          {"a.json": strings.Repeat("[", 1<<20)},
		"blanks":            {"a.yaml": strings.Repeat(" ", 1<<20)},
		"colons":            {"X": strings.Repeat(":", 1<<20)},
	} {
		if size := Reduce(data).Size(); size > 2*maxKept {
			t.Errorf("%s: got %d bytes kept, want at most about %d", rule, size, maxKept)
		}
	}
}

// Anybody writes ConfigMaps: nothing panics, and what is kept is bounded.
func FuzzReduce(f *testing.F) {
	for key, value := range map[string]string{
		"": "0", "REDIS_HOST": "cache", "application.yaml": "spring:\n  redis: {host: cache, port: 6379}\n", "app.ini": "[database]\nHOST = db\nDB_TYPE = mysql\n",
		"fluent.conf": "<match **>\n  @type elasticsearch\n  host es\n</match>\n", "app.json": `{"db":{"client":"pg","host":"db"}}`, "run.sh": "redis-cli -h cache\n",
		"DATABASE_URL": "postgres://u:p@db/shop",
	} {
		f.Add(key, value)
	}
	f.Fuzz(func(t *testing.T, key, value string) {
		kept := Reduce(map[string]string{key: value, "DB_HOST": value, "DB_TYPE": "mysql"})
		if most := maxKept + 2*(len(key)+len(value)) + 256; kept.Size() > most {
			t.Fatalf("got %d bytes kept, want %d at most", kept.Size(), most)
		}
	})
}
