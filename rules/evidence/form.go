package evidence

// Form is how a text shows an address. Its value is a name for people, which stays.
type Form string

// The forms.
const (
	FormURL               Form = "url"                 // redis://cache, with or without a port
	FormHostPort          Form = "host-port"           // cache:6379
	FormGoDSN             Form = "go-dsn"              // user:password@tcp(db)/shop
	FormHostPortVariables Form = "host-port-variables" // DB_HOST=db beside DB_PORT=3307
	FormKindVariable      Form = "kind-variable"       // REDIS_HOST=cache
	FormKeyValues         Form = "key-values"          // host=db port=5433
	FormFlags             Form = "flags"               // --db-host db --db-port 3307
)
