package vocabulary

// Keys are what the keys of one connection string say together about the driver that
// reads it.
type Keys struct {
	mysql, postgresql, sqlserver bool
	host, server, port, database bool
}

// Add reads one key and its value.
func (k *Keys) Add(name, value string) {
	says, _ := keys.lookUp(name)
	switch says {
	case 0:
		return
	case keyUser:
		// The administrator that each server is installed with.
		k.mysql = k.mysql || value == "root"
		k.postgresql = k.postgresql || value == "postgres"
		k.sqlserver = k.sqlserver || value == "sa"
	case keyMySQL:
		k.mysql = true
	case keyPostgreSQL:
		k.postgresql = true
	case keySQLServer:
		k.sqlserver = true
	case keyHost:
		k.host = true
	case keyServer:
		k.server = true
	case keyPort:
		k.port = true
	case keyDatabase:
		k.database = true
	}
}

// Kind is the middleware whose driver reads these keys.
func (k *Keys) Kind() string {
	switch {
	case k.mysql:
		return "mysql"
	case k.sqlserver:
		return "sqlserver"
	case k.postgresql, k.host && k.database:
		return "postgresql"
	case k.server && k.database && !k.port: // SQL Server has no key for the port
		return "sqlserver"
	}
	return ""
}

type keyClass uint8

const (
	_ keyClass = iota
	keyUser
	keyMySQL
	keyPostgreSQL
	keySQLServer
	keyHost
	keyServer
	keyPort
	keyDatabase
)

// keys are those of connection strings that drivers share, and those that only one of
// them has.
// Source: https://learn.microsoft.com/en-us/dotnet/api/microsoft.data.sqlclient.sqlconnection.connectionstring
// Source: https://www.npgsql.org/doc/connection-string-parameters.html
// Source: https://dev.mysql.com/doc/connector-net/en/connector-net-8-0-connection-options.html
// Source: https://www.postgresql.org/docs/current/libpq-connect.html
var keys = newTable(map[string]keyClass{
	"user": keyUser, "user id": keyUser, "userid": keyUser, "uid": keyUser, "username": keyUser,
	"allowpublickeyretrieval": keyMySQL, "allowuservariables": keyMySQL, "convert zero datetime": keyMySQL, "treattinyasboolean": keyMySQL, "allowzerodatetime": keyMySQL,
	"dbname": keyPostgreSQL, "search path": keyPostgreSQL, "include error detail": keyPostgreSQL,
	"trustservercertificate": keySQLServer, "trust server certificate": keySQLServer, "multipleactiveresultsets": keySQLServer, "initial catalog": keySQLServer, "integrated security": keySQLServer,
	"trusted_connection": keySQLServer, "applicationintent": keySQLServer,
	"host":   keyHost,
	"server": keyServer, "data source": keyServer,
	"port":     keyPort,
	"database": keyDatabase,
})
