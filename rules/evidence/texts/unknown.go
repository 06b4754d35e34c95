package texts

import (
	"github.com/holdfast-mesh/holdfast/rules/evidence/form"
	"github.com/holdfast-mesh/holdfast/rules/evidence/vocabulary"
)

// Unknown reads an environment variable whose value stands where it cannot be read. Its
// name may say that it is an address, and of which middleware: REDIS_ADDR, MONGO_URI.
func (r *Reader) Unknown(name string) {
	if vocabulary.IsBrowsers(name) || vocabulary.IsSecret(name) {
		return
	}
	r.accounts.add(name)
	role, prefix := vocabulary.Ending(name)
	if (role == vocabulary.Host || role == vocabulary.PlainHost) && prefix != "" {
		r.pairs = append(r.pairs, pair{name: name, prefix: prefix, role: role, unknown: true, place: r.Place})
		return
	}
	if says := vocabulary.Read(name); says.Kind != "" && says.Address && !says.Own {
		r.add(Found{Kind: says.Kind, Port: vocabulary.Kind(says.Kind).Port, Form: form.ValueFrom, Unresolved: true})
	}
}

// unknown adds a host that is not known, if the middleware is, or the port.
func (r *Reader) unknown(shown Found) {
	if shown.Port == 0 {
		shown.Port = vocabulary.Kind(shown.Kind).Port
	}
	if shown.Port != 0 || shown.Kind != "" {
		shown.Form, shown.Unresolved = form.ValueFrom, true
		r.add(shown)
	}
}
