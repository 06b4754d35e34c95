package configmaps

import (
	"net/netip"
	"strconv"
	"strings"

	"github.com/holdfast-mesh/holdfast/rules"
	"github.com/holdfast-mesh/holdfast/rules/evidence/texts"
)

// maxFound is how many addresses one value has; people write a dozen.
const maxFound = 64

// reader finds the addresses of single values.
type reader struct {
	texts texts.Reader
	found []texts.Found
}

// Add implements texts.Sink.
func (r *reader) Add(f *texts.Found) { r.found = append(r.found, *f) }

// Full implements texts.Sink.
func (r *reader) Full() bool { return len(r.found) >= maxFound }

func (r *reader) read(name, value string) []texts.Found {
	if value == "" {
		return nil
	}
	r.found, r.texts.Sink = r.found[:0], r
	r.texts.Variables()
	r.texts.Variable(name, value)
	r.texts.Join()
	r.texts.Forget()
	return r.found
}

// addresses writes the addresses of a value as URLs and host:port, one behind the other:
// without users, passwords, paths and whatever else the value has.
func (r *reader) addresses(name, value string) string {
	var b strings.Builder
	for _, f := range r.read(name, value) {
		text := write(&f)
		if text == "" || b.Len()+len(text) > maxPlain {
			continue
		}
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(text)
	}
	return b.String()
}

// write writes an address so that it is read as it was.
func write(f *texts.Found) string {
	host := f.Host
	switch {
	case f.Hidden:
		return ""
	case f.IP.IsValid():
		host = netip.AddrPortFrom(f.IP, f.Port).String()
	case f.Unresolved && host == "":
		host = "${HOST}:" + strconv.Itoa(int(f.Port))
	default:
		host += ":" + strconv.Itoa(int(f.Port))
	}
	scheme := schemes[f.Kind]
	if f.HTTP {
		scheme = "http"
	}
	switch {
	case scheme != "":
		scheme += ":"
	case f.Port == 0, f.Unresolved:
		return strings.TrimSuffix(host, ":0")
	}
	// "//" where there is no scheme either: what stood in a longer text is none of the
	// plain lists that get their kind from what stands beside them.
	return scheme + "//" + strings.TrimSuffix(host, ":0")
}

// schemes are those that say a kind.
var schemes = func() map[string]string {
	table := map[string]string{}
	for _, m := range rules.KnownMiddleware() {
		if len(m.Schemes) > 0 {
			table[m.Name] = m.Schemes[0]
		}
	}
	return table
}()

// saysOther reports whether a value names another middleware than one.
func (r *reader) saysOther(name, value, one string) bool {
	for _, f := range r.read(name, value) {
		if f.Kind != "" && f.Kind != one {
			return true
		}
	}
	return false
}
