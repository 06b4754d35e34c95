package vocabulary

import "strings"

// Name is what the name of a variable, a flag or a key says of its value.
type Name struct {
	Meaning
	// Store: it is called as what a middleware does: DB_HOST, messageBroker.host.
	Store bool
	// Address: it is called as an address is: REDIS_URL, or as the middleware: REDIS.
	Address bool
	// Own: the value is where the pod itself listens, what it tells others of itself,
	// or where its peers are: KAFKA_ADVERTISED_LISTENERS.
	Own bool
}

// class is what a word does to the name that it stands in.
type class uint8

const (
	_       class = iota
	store         // what middleware does
	own           // the pod's own
	address       // an address
	storeAt       // what middleware does, called by its address: KAFKA_BROKER=broker:29092
	another       // a server beside the middleware: REDIS_EXPORTER_ADDR
)

// words are those that names are made of, in lower case. A word for a middleware has no
// class, and one with a class says no middleware.
var words = newWords()

type word struct {
	class class
	Meaning
}

func newWords() table[word] {
	all := map[string]word{}
	for text, m := range kinds.words {
		all[text] = word{Meaning: m}
	}
	for c, list := range map[class]string{
		store: `db database databases datasource dbms rdbms sql nosql cache caching queue mq messaging messagebroker store storage session sessions
			bus eventbus pubsub celery sidekiq job jobs persistence datastore repository result`,
		storeAt: `broker backend`,
		address: `host hosts hostname hostnames server servers servername address addresses addr addrs url urls uri uris endpoint endpoints brokers node nodes
			seed seeds points contactpoints connect connection conn dsn string jdbc list location brokerconnect brokerlist primary master slave replica replicas sentinel sentinels cluster peer upstream ip service svc fqdn dns`,
		own:     `listen listener listeners advertise advertised bind broadcast announce voters`,
		another: `exporter commander ui gui admin express management manager rest registry metrics insight operator http console dashboard web api jmx ssh proxysql backup agent monitor monitoring kibana logstash filebeat apm phpmyadmin pgadmin`,
	} {
		for text := range strings.FieldsSeq(list) {
			all[text] = word{class: c}
		}
	}
	return newTable(all)
}

// maxWords is how many words of a name are looked at, from its end.
const maxWords = 12

// Read reads a name. The last word that names middleware counts, as in
// CACHE_REDIS_MASTER_HOST, unless a word behind it says that another server is meant.
func Read(name string) Name {
	var n Name
	other := false
	after := len(name) // where the word behind begins
	last := 0          // where the last word ends
	for range maxWords {
		start, end := lastWord(name[:after])
		if start == end {
			break
		}
		text := name[start:end]
		w, ok := words.lookUp(text)
		switch w.class {
		case store, storeAt:
			n.Store = true
		case own:
			n.Own = true
		case another:
			other = true
		}
		if after == len(name) {
			n.Address = w.class == address || w.class == storeAt
			last = end
		}
		if n.Kind == "" && !other {
			if n.Meaning = w.Meaning; !ok {
				n.Meaning = kindOfStem(text)
			}
			if n.Kind == "" && end == after && after < len(name) { // MySQL and OpenSearch are two words only by their capitals
				_, next := firstWord(name[after:])
				end = after + next
				n.Meaning = kindOf(name[start:end])
			}
			n.Address = n.Address || n.Kind != "" && end == last
			if n.Kind == "" && strings.EqualFold(text, "bootstrap") {
				n.Meaning = bootstrap(name[end:])
			}
			if n.Kind != "" {
				return n // what is in front of it says no more
			}
		}
		after = start
	}
	return n
}

// bootstrap reads what follows the word: Kafka's clients call it bootstrap.servers, in
// any spelling.
// Source: https://kafka.apache.org/documentation/#producerconfigs_bootstrap.servers
func bootstrap(rest string) Meaning {
	if start, end := firstWord(rest); strings.EqualFold(rest[start:end], "servers") || strings.EqualFold(rest[start:end], "server") {
		return Kind("kafka")
	}
	return Meaning{}
}

// Word says what a name means that is one word and nothing else.
func Word(name string) Meaning {
	if len(name) > longestKind || strings.IndexByte(name, '_') >= 0 {
		return Meaning{}
	}
	return kindOf(name)
}

// longestKind is as long as the longest word for a middleware.
const longestKind = len("bootstrapservers")

// kindOf finds a word, also with a number or "db" behind it: redis2, mysqldb.
func kindOf(word string) Meaning {
	if m, ok := kinds.lookUp(word); ok {
		return m
	}
	return kindOfStem(word)
}

// kindOfStem finds a word without the number or the "db" behind it.
func kindOfStem(word string) Meaning {
	stem := word
	for stem != "" && '0' <= stem[len(stem)-1] && stem[len(stem)-1] <= '9' {
		stem = stem[:len(stem)-1]
	}
	if EndsWith(stem, "db") {
		stem = stem[:len(stem)-len("db")]
	}
	if len(stem) == len(word) || len(stem) < 2 {
		return Meaning{}
	}
	m, _ := kinds.lookUp(stem)
	return m
}

// lastWord finds the last word of a name: REDIS_HOST and redisHost have two.
func lastWord(name string) (start, end int) {
	end = len(name)
	for end > 0 && isSeparator(name[end-1]) {
		end--
	}
	start = end
	for start > 0 && !isSeparator(name[start-1]) && (start == end || !isLower(name[start-1]) || !isUpper(name[start])) {
		start--
	}
	return start, end
}

// firstWord finds the first word of a name.
func firstWord(name string) (start, end int) {
	for start < len(name) && isSeparator(name[start]) {
		start++
	}
	end = start
	for end < len(name) && !isSeparator(name[end]) && (end == start || !isLower(name[end-1]) || !isUpper(name[end])) {
		end++
	}
	return start, end
}

func isSeparator(c byte) bool {
	return c == '_' || c == '.' || c == '-' || c == ':' || c == '/' || c == ' ' || c == '[' || c == ']'
}

func isLower(c byte) bool { return 'a' <= c && c <= 'z' }
func isUpper(c byte) bool { return 'A' <= c && c <= 'Z' }
