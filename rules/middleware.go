package rules

import "github.com/holdfast-mesh/holdfast/istio"

// Middleware is what holdfast knows of one kind of server.
type Middleware struct {
	Name        string            `json:"name"`
	Aliases     []string          `json:"aliases,omitempty"`
	Title       string            `json:"title"` // as its makers write it
	Ports       []istio.PortRange `json:"ports"`
	Schemes     []string          `json:"schemes,omitempty"` // URL schemes whose default port is the first of Ports
	ServerIdle  string            `json:"serverIdle"`        // when the server itself closes idle connections
	InsideMesh  string            `json:"insideMesh"`        // what to do
	OutsideMesh string            `json:"outsideMesh"`
}

// KnownMiddleware returns the table, sorted by name. The caller may not change it.
func KnownMiddleware() []Middleware { panic("skeleton") }

// FindMiddleware finds an entry by name or alias, in any case of letters.
func FindMiddleware(name string) (Middleware, bool) { panic("skeleton") }
