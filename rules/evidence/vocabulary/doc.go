// Package vocabulary says what words mean that people use for middleware: in names of
// variables, flags and keys (names.go, endings.go), as schemes (kinds.go), as names of
// hosts (hosts.go), drivers (values.go) and programs (clients.go), as keys of connection
// strings (dialect.go), as variables of well-known applications (known.go); and which
// names are those of secrets (secrets.go).
package vocabulary
