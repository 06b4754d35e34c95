package vocabulary

import "strings"

// Role is what the end of a name says of the value.
type Role uint8

// The roles.
const (
	// NoRole: nothing that is of use.
	NoRole Role = iota
	// Host: a host, or a list of hosts.
	Host
	// PlainHost: the same, where the value is nothing but hosts. Most names that end so
	// hold URLs and host:port, which show themselves.
	PlainHost
	// Port: the port of a host beside it.
	Port
	// Type: which middleware is behind the host beside it (DB_TYPE=mysql).
	Type
	// Database: the name of a database, and a Type if it is called as a middleware
	// (KC_DB=postgres).
	Database
)

// ending is how names end that have a role.
type ending struct {
	text string
	role Role
	word bool // it counts only where no letter stands before it: REDIS_IP, but not REDIS_ZIP
}

// endings are by their last two letters, longer ones first.
var endings = newEndings()

// letters is how many places there are for a letter.
const letters = 'z' - 'a' + 1

func newEndings() (byEnd [letters][letters][]ending) {
	for _, of := range []struct {
		role  Role
		word  bool
		texts string
	}{
		{Host, false, "hostname,host_name,servername,data source,hostaddr,address,server,hosts,addr,host"},
		{PlainHost, true, "contact_points,contactpoints,contact-points,addresses,hostnames,endpoints,endpoint,upstream,servers,brokers,cluster,connect,primary,master,points,cqlsh,nodes,seeds,peers,broker,node,seed,addrs,urls,uris,fqdn,uri,url,dns,ip,brokerconnect,brokerlist,quorum,zknodes"},
		{Port, false, "number,port"},
		{Type, true, "connector_class,connector.class,dbengine,dbtype,dbdriver,driver_class_name,driverclassname,driver-class-name,connection,database_type,provider,protocol,platform,dialect,adapter,backend,driver,client,plugin,engine,vendor,scheme,flavor,module,dbms,type,kind"},
		{Database, true, "database,broker,cache,store,queue,db"},
	} {
		for text := range strings.SplitSeq(of.texts, ",") {
			list := &byEnd[text[len(text)-1]-'a'][text[len(text)-2]-'a']
			*list = append(*list, ending{text, of.role, of.word})
		}
	}
	return byEnd
}

// Ending finds the role of a name by its end, and the part before it.
func Ending(name string) (role Role, prefix string) {
	if len(name) < 2 {
		return NoRole, ""
	}
	last, before := (name[len(name)-1]|0x20)-'a', (name[len(name)-2]|0x20)-'a'
	if last >= letters || before >= letters {
		return NoRole, ""
	}
	for _, e := range endings[last][before] {
		if !EndsWith(name, e.text) {
			continue
		}
		prefix = name[:len(name)-len(e.text)]
		if !e.word || prefix == "" || startsWord(prefix, name[len(prefix)]) {
			if e.role == Host && EndsWith(prefix, "v") && EndsWith(name, "vhost") {
				return NoRole, "" // a name space of RabbitMQ, or of a web server
			}
			return e.role, prefix
		}
	}
	return NoRole, ""
}

// startsWord reports whether a word begins with a byte behind a prefix.
func startsWord(prefix string, c byte) bool {
	last := prefix[len(prefix)-1]
	return !isLetter(last) || isLower(last) && isUpper(c)
}

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

// IsPort reports whether what follows the prefix of a name makes it a port's.
func IsPort(ending string) bool {
	switch len(ending) {
	case len("port"):
		return strings.EqualFold(ending, "port")
	case len("portnumber"):
		return strings.EqualFold(ending, "portnumber")
	case len("port_number"):
		return strings.EqualFold(ending, "port_number")
	case len("service_port"):
		return strings.EqualFold(ending, "service_port")
	}
	return false
}
