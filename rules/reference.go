package rules

import (
	"net/netip"
	"strconv"
	"strings"
)

// What counts as visible use of a destination, read from the pod alone:
//
//   - URLs, with or without credentials, with several hosts, with the default
//     port of a scheme: reference_url.go;
//   - host:port, [v6]:port and lists of them anywhere in a text: reference_text.go;
//   - X_HOST beside X_PORT, --x-host beside --x-port, host= beside port=:
//     reference_pair.go, and flags in a command line: reference_flag.go;
//   - after $(VAR) is replaced: reference_expand.go.
//
// Addresses of the pod itself (localhost, 127.0.0.1, 0.0.0.0) are none: they
// never pass the sidecar. A false address costs little, because rules look at
// ports; a false piece of a password in a log costs much, so secrets are
// neither read nor shown: reference_secret.go.

// address is a place that a pod's text names.
type address struct {
	host string     // in lower case, without a final dot; empty for an IP
	ip   netip.Addr // without zone, v4-mapped addresses as IPv4
	port uint16
	// hidden: the text may be part of a password, so only the port is shown.
	hidden bool
	from   place
}

// String is "redis.prod:6379" or "[2001:db8::1]:6379"; "***:6379" if hidden.
func (a *address) String() string {
	switch {
	case a.hidden:
		return "***:" + strconv.Itoa(int(a.port))
	case a.ip.IsValid():
		return netip.AddrPortFrom(a.ip, a.port).String()
	}
	return a.host + ":" + strconv.Itoa(int(a.port))
}

// place is where in a pod a text stands.
type place struct {
	container int
	kind      placeKind
	index     int
}

type placeKind uint8

const (
	inEnv placeKind = iota
	inCommand
	inArgs
)

// describe is "container cart, env REDIS_URL" or "container cart, args[2]".
func (p place) describe(pod *Pod) string {
	c := &pod.Containers[p.container]
	text := "container " + oneLine(c.Name)
	switch p.kind {
	case inEnv:
		return text + ", env " + oneLine(c.Env[p.index].Name)
	case inCommand:
		return text + ", command[" + strconv.Itoa(p.index) + "]"
	}
	return text + ", args[" + strconv.Itoa(p.index) + "]"
}

// Bounds of one pod's scan, so that a hostile pod costs no more than a big one.
const (
	// maxAddresses is how many addresses are kept; the rest is not looked at.
	maxAddresses = 512
	// maxSearches is how many X_HOST variables get their X_PORT looked for.
	maxSearches = 256
)

// scanner collects the addresses of one pod.
type scanner struct {
	vocabulary *vocabulary
	addresses  []address
	searches   int
	from       place
	pairs      []pair
	expansion  expansion
}

// scan reads the pod, once.
func (f *facts) scan(v *vocabulary) {
	if f.scanned {
		return
	}
	f.scanned = true
	f.declare()
	s := &f.scanner
	s.vocabulary = v
	for i := range f.pod.Containers {
		s.container(&f.pod.Containers[i], i)
	}
}

// declare reads MiddlewareAnnotation.
func (f *facts) declare() {
	text, ok := f.pod.Annotations[MiddlewareAnnotation]
	if !ok {
		return
	}
	for item := range strings.SplitSeq(text, ",") {
		if item = strings.TrimSpace(item); item == "" {
			continue
		}
		d := declaration{name: item}
		if m, ok := FindMiddleware(item); ok {
			d.middleware, d.port = m.Name, m.Ports[0].First
		}
		if f.declared = append(f.declared, d); len(f.declared) == maxAddresses {
			return
		}
	}
}

func (s *scanner) container(c *Container, number int) {
	s.expansion.begin(c.Env)
	s.pairs = s.pairs[:0]
	for i := range c.Env {
		name, value := c.Env[i].Name, c.Env[i].Value
		if value == "" {
			continue
		}
		marks := marksOf(value)
		if marks&markDollar != 0 {
			value = s.expansion.replace(i)
			marks = marksOf(value)
		}
		s.from = place{container: number, kind: inEnv, index: i}
		s.keep(name, value)
		if (marks&markAddress != 0 || value != "" && value[0] == '-') && !isSecretName(name) {
			s.text(value)
		}
	}
	s.joinPairs(needPrefix)
	// Flags of one program may be split over command and args.
	s.pairs = s.pairs[:0]
	s.arguments(c.Command, place{container: number, kind: inCommand})
	s.arguments(c.Args, place{container: number, kind: inArgs})
	s.joinPairs(barePrefix)
}

// Marks say what a text has beside plain words.
const (
	markColon = 1 << iota
	markEquals
	markAt
	markSpace
	markDollar // of $(VAR)

	// Every form of address in a text has one of these, or is a list of flags.
	markAddress = markColon | markEquals | markAt
)

var markOf = [256]uint8{':': markColon, '=': markEquals, '@': markAt, ' ': markSpace, '$': markDollar}

// marksOf looks at every byte once; most texts have none.
func marksOf(text string) (marks uint8) {
	for i := 0; i < len(text); i++ {
		marks |= markOf[text[i]]
	}
	return marks
}

// add keeps an address unless it is the pod's own.
func (s *scanner) add(a address) {
	if len(s.addresses) >= maxAddresses {
		return
	}
	if a.ip.IsValid() {
		if a.ip.IsLoopback() || a.ip.IsUnspecified() {
			return
		}
	} else if a.host == "localhost" || strings.HasSuffix(a.host, ".localhost") {
		return
	}
	a.from = s.from
	s.addresses = append(s.addresses, a)
}

// show is the address as text, for a reader.
func (f *facts) show(a *address) string {
	if !a.hidden && a.from.kind == inEnv && mayHoldSecret(f.pod.Containers[a.from.container].Env[a.from.index].Name) {
		hidden := *a
		hidden.hidden = true
		return hidden.String()
	}
	return a.String()
}

// hide marks addresses, from one on, as not to be shown.
func (s *scanner) hide(from int) {
	for i := from; i < len(s.addresses); i++ {
		s.addresses[i].hidden = true
	}
}

// full says that nothing more would be kept.
func (s *scanner) full() bool { return len(s.addresses) >= maxAddresses }
