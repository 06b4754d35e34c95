// Package form names the ways in which a text shows an address.
package form

// Form is one of them. Its value is a name for people, which stays as it is.
type Form string

// The forms. Where something beside the address says which middleware it is, the form
// is what says so.
const (
	URL               Form = "url"                 // redis://cache, with or without a port
	HostPort          Form = "host-port"           // cache:6379
	GoDSN             Form = "go-dsn"              // user:password@tcp(db)/shop
	HostPortVariables Form = "host-port-variables" // DB_HOST=db beside DB_PORT=3307
	KindVariable      Form = "kind-variable"       // REDIS_HOST=cache, BOOTSTRAP_SERVERS=broker:29092
	KnownVariable     Form = "known-variable"      // WORDPRESS_DB_HOST=db: what one application calls it
	SiblingKind       Form = "sibling-kind"        // DB_HOST=db beside DB_TYPE=mysql
	HostName          Form = "host-name"           // DB_HOST=mysql: the host is called as the middleware
	KeyValues         Form = "key-values"          // host=db port=5433
	ConnectionString  Form = "connection-string"   // Server=db;Database=shop;User Id=sa
	Flags             Form = "flags"               // --db-host db --db-port 3307
	Records           Form = "records"             // dnssrv+_client._tcp.cache.svc beside "memcached"
	Command           Form = "command"             // mysql -h db, nc -z db 3306
	ValueFrom         Form = "value-from"          // REDIS_URL from a Secret: its name says what it is
	BareHost          Form = "bare-host"           // CACHE_HOST=cache.example.com, where a rule names that host
)
