package texts

import (
	"strings"

	"github.com/holdfast-mesh/holdfast/rules/evidence/form"
	"github.com/holdfast-mesh/holdfast/rules/evidence/vocabulary"
)

// accounts are the kinds of middleware whose databases, users or ports variables of one
// container have: POSTGRES_DB, MYSQL_USER.
type accounts struct {
	kind    string
	several bool
}

func (a *accounts) add(variable string) {
	switch kind := vocabulary.Account(variable); {
	case kind == "":
	case a.kind == "":
		a.kind = kind
	case a.kind != kind:
		a.several = true
	}
}

// only is the one kind, or nothing.
func (a *accounts) only() string {
	if a.several {
		return ""
	}
	return a.kind
}

// just is a variable whose whole name says that it is a host. It is the pod's own, unless
// the variables beside it are about one database that has no other host.
const just = "HOST"

// justHost reads it.
func (r *Reader) justHost(p *pair) {
	kind := r.accounts.only()
	if kind == "" {
		kind = r.kindBeside("DB_")
	}
	if kind == "" || strings.Contains(p.value, ".") && !strings.Contains(p.value, ".svc") {
		return // what a browser calls the pod has dots
	}
	for i := range r.pairs {
		other := &r.pairs[i]
		if other.name == just || !isHost(other.role) {
			continue
		}
		if says := vocabulary.Read(other.name); says.Kind == kind || says.Kind == "" && vocabulary.IsDatabaseName(other.prefix) {
			return
		}
	}
	r.hosts(p.value, Found{Kind: kind, Port: vocabulary.Kind(kind).Port, Form: form.SiblingKind}, false, false)
}
