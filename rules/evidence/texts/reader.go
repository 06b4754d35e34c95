// Package texts finds addresses in the texts of a pod: values of variables, arguments,
// and what stands in files.
//
//   - URLs, with or without credentials, with several hosts, with the default
//     port of a scheme: url.go;
//   - host:port, [v6]:port and lists of them anywhere in a text: text.go;
//   - names with values that belong together, as REDIS_HOST and REDIS_PORT,
//     --x-host and --x-port, host= and port=: pair.go, keyvalue.go, argument.go;
//   - a kind that only accounts beside a host say, POSTGRES_DB: beside.go;
//   - commands of well-known clients: command.go.
//
// host.go says what a host is, placeholder.go what stands for one. Which middleware it is,
// is said by names (package vocabulary) and by what stands beside them: kind.go.
//
// A false address costs little, because rules look at ports and kinds; a false piece
// of a password in a log costs much, so secrets are neither read nor shown: secret.go.
// The work is linear in the length of the texts.
package texts

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/holdfast-mesh/holdfast/rules/evidence/form"
	"github.com/holdfast-mesh/holdfast/rules/evidence/vocabulary"
)

// Found is what a text leads to.
type Found struct {
	Host string     // in lower case, without a final dot; empty for an IP, and where it is not known
	IP   netip.Addr // without zone, v4-mapped addresses as IPv4
	Port uint16     // 0 where it is not known
	Kind string     // of middleware, where a text says it
	Form form.Form
	// HTTP: it is the host of an HTTP URL.
	HTTP bool
	// Unresolved: a placeholder stands for the host.
	Unresolved bool
	// Hidden: the text may be part of a password.
	Hidden bool
	Place  Place
}

// Place says where a text stands. A Reader only carries it along.
type Place struct {
	Kind  uint8
	Index int
}

// Sink takes what is found.
type Sink interface {
	Add(found *Found)
	// Full reports whether nothing more would be taken.
	Full() bool
}

// MaxSearches is how many hosts get looked for what belongs to them.
const MaxSearches = 256

// Reader reads the texts of one container. Its zero value, with a Sink, is ready.
type Reader struct {
	Sink  Sink
	Place Place // of the text that is read next
	// Unsearched: there were more hosts than MaxSearches.
	Unsearched bool

	searches int
	named    named
	flag     string // that waits for its value
	client   client
	dialect  string // the kind that a connection string's keys say together
	scheme   string // the kind that its scheme says
	hiding   bool   // the text may be a password
	pairs    []pair
	accounts accounts
	hasJust  bool // a variable called so
	types    int  // how many of them say which middleware belongs to a host
	offs     []vocabulary.Off
	form     form.Form // of what pairs show
	found    Found     // that is on its way to the Sink
}

// Variables begins a container's variables.
func (r *Reader) Variables() { r.begin(form.HostPortVariables) }

// Arguments begins a container's command line, or another's text.
func (r *Reader) Arguments() { r.begin(form.Flags) }

func (r *Reader) begin(f form.Form) {
	r.pairs, r.types, r.offs, r.form, r.flag, r.client, r.named, r.accounts, r.hasJust = r.pairs[:0], 0, r.offs[:0], f, "", client{}, named{}, accounts{}, false
}

// big is how many pairs only a hostile pod has.
const big = 4096

// Forget forgets everything but space for the next pod, and that too where a hostile
// pod made it big.
func (r *Reader) Forget() {
	pairs := r.pairs[:cap(r.pairs)]
	clear(pairs)
	clear(r.offs)
	if len(pairs) >= big {
		pairs = nil
	}
	*r = Reader{Sink: r.Sink, pairs: pairs[:0], offs: r.offs[:0]}
}

// Variable reads an environment variable. One called just HOST or the like is the pod's
// own, with the exception of justHost; a flag or a key of a connection string called so is not.
func (r *Reader) Variable(name, value string) {
	has := marksOf(value)
	role, prefix := vocabulary.Ending(name)
	if (has&markAddress != 0 || isHost(role)) && vocabulary.IsBrowsers(name) {
		return
	}
	if off, ok := vocabulary.Switch(name, value, role, prefix); ok && len(r.offs) < maxOffs {
		r.offs = append(r.offs, off)
	}
	r.accounts.add(name)
	switch {
	case !isHost(role) && has&markSpace == 0 && vocabulary.NamesHost(name, value, role, prefix): // REDIS=cache
		r.pairs = append(r.pairs, pair{name: name, value: value, prefix: name, role: vocabulary.PlainHost, place: r.Place})
	case role != vocabulary.NoRole && (!isHost(role) || prefix != "" || name == just && !r.hasJust):
		r.hasJust = r.hasJust || name == just
		r.keepAs(name, value, role, prefix)
	}
	if (has&markAddress != 0 || value[0] == '-') && !vocabulary.IsSecret(name) {
		r.named = named{name: name}
		r.text(value, has)
		r.named = named{}
	}
}

// maxOffs is how many switches of one container count.
const maxOffs = 64

// HasOffs reports whether variables switch others off.
func (r *Reader) HasOffs() bool { return len(r.offs) > 0 }

// IsOff reports whether a variable is switched off by another of the same container, all
// of which have been read.
func (r *Reader) IsOff(name, kind string) bool {
	return slices.ContainsFunc(r.offs, func(off vocabulary.Off) bool { return off.Covers(name, kind) })
}

// marks say what a text has beside plain words.
type marks uint16

const (
	markColon marks = 1 << iota
	markEquals
	markAt
	markSpace
	markParenthesis
	markPlaceholder // $ or {
	markLine
	markPlus
	markRedirect // < or >
	markBracket  // ]

	// Every form of address in a text has one of these, or is a list of flags.
	markAddress = markColon | markEquals | markAt
)

var markOf = [256]marks{
	':': markColon, '=': markEquals, '@': markAt, ' ': markSpace, '(': markParenthesis, '$': markPlaceholder, '{': markPlaceholder,
	'\n': markLine, '+': markPlus, '<': markRedirect, '>': markRedirect, ']': markBracket,
}

// marksOf looks at every byte once; most texts have none.
func marksOf(text string) (has marks) {
	for i := 0; i < len(text); i++ {
		has |= markOf[text[i]]
	}
	return has
}

// add hands a host over that is no password's name. The pod's own are none.
func (r *Reader) add(f Found) {
	if r.Sink.Full() {
		return
	}
	if f.IP.IsValid() {
		if f.IP.IsLoopback() || f.IP.IsUnspecified() {
			return
		}
	} else if !f.Unresolved && (vocabulary.IsPassword(f.Host) || vocabulary.IsNoHost(f.Host) || strings.HasSuffix(f.Host, ".localhost")) {
		return
	}
	f.HTTP = f.HTTP || vocabulary.IsAlertmanager(f.Host, f.Port)
	if f.HTTP && f.Kind != "" && !vocabulary.SpeaksHTTP(f.Kind) {
		f.Kind = ""
	}
	r.found = f
	r.found.Place, r.found.Hidden = r.Place, f.Hidden || r.hiding
	r.Sink.Add(&r.found)
}
