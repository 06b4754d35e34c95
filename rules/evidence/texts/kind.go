package texts

import (
	"github.com/holdfast-mesh/holdfast/rules/evidence/form"
	"github.com/holdfast-mesh/holdfast/rules/evidence/vocabulary"
)

// named is a name whose value is read, and what it says, worked out when it is asked for.
type named struct {
	name string
	says vocabulary.Name
	read bool
}

func (n *named) reading() *vocabulary.Name {
	if !n.read && n.name != "" {
		n.says = vocabulary.Read(n.name)
	}
	n.read = true
	return &n.says
}

// tell says which middleware an address is that its own text does not say: by the key
// in front of it, else by the name of the variable or flag. It reports false for what
// is the pod's own.
func (r *Reader) tell(f *Found, key string) bool {
	n := r.named.reading()
	if key != "" {
		if own := vocabulary.Read(key); own.Own || own.Kind != "" {
			n = &own
		}
	}
	if n.Own {
		return false
	}
	f.HTTP = f.HTTP || vocabulary.IsScraped(r.named.name)
	if f.Kind != "" {
		return true
	}
	switch known := vocabulary.Known(r.named.name); {
	case n.Kind != "" && n.Address:
		f.Kind, f.Form = n.Kind, form.KindVariable
	case known != "":
		f.Kind, f.Form = known, form.KnownVariable
	case n.Store:
		if m := vocabulary.HostKind(f.Host); m.Kind != "" {
			f.Kind, f.Form = m.Kind, form.HostName
		}
	}
	return true
}
