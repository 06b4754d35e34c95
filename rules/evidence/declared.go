package evidence

import (
	"strings"

	"github.com/holdfast-mesh/holdfast/rules"
)

// Declared is one name that a pod's author declares to use, by
// rules.MiddlewareAnnotation.
type Declared struct {
	Name       string // as written
	Middleware string // the table's name for it, if it has one
	Port       uint16 // the middleware's first port
}

// declared reads the annotation, a comma list.
func declared(text string) []Declared {
	if text == "" {
		return nil
	}
	var list []Declared
	for item := range strings.SplitSeq(text, ",") {
		if item = strings.TrimSpace(item); item == "" {
			continue
		}
		d := Declared{Name: item}
		if m, ok := rules.FindMiddleware(item); ok {
			d.Middleware, d.Port = m.Name, m.Ports[0].First
		}
		if list = append(list, d); len(list) == maxAddresses {
			break
		}
	}
	return list
}
