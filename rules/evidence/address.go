package evidence

import (
	"net/netip"
	"strconv"

	"github.com/holdfast-mesh/holdfast/internal/clip"
	"github.com/holdfast-mesh/holdfast/rules"
	"github.com/holdfast-mesh/holdfast/rules/evidence/form"
	"github.com/holdfast-mesh/holdfast/rules/evidence/texts"
	"github.com/holdfast-mesh/holdfast/rules/evidence/vocabulary"
)

// Address is what a text in a pod leads to: a host or an IP, and a port.
type Address struct {
	Host string     // in lower case, without a final dot; empty for an IP, and where it is not known
	IP   netip.Addr // without zone, v4-mapped addresses as IPv4
	Port uint16     // 0 where it is not known
	// Kind is the name of the middleware in rules.KnownMiddleware that the text itself
	// says: by a scheme, a variable's name, a sibling. Empty where nothing but the port
	// may tell.
	Kind string
	Form form.Form
	// HTTP: it is the host of an HTTP URL.
	HTTP bool
	// Unresolved: which host it is, is not known, as of a value that comes from a
	// Secret.
	Unresolved bool
	// hidden: the text may be part of a password, so only the port is shown.
	hidden bool
	source source
}

// String is "redis.prod:6379" or "[2001:db8::1]:6379"; "***" where the host may be part
// of a secret, "?" where it is not known, and no port where that is not.
func (a *Address) String() string {
	host := a.Host
	switch {
	case a.hidden || a.source.mayBeSecret():
		host = "***"
	case a.IP.IsValid() && a.Port != 0:
		return netip.AddrPortFrom(a.IP, a.Port).String()
	case a.IP.IsValid():
		return a.IP.String()
	case a.Host == "":
		host = rules.UnknownHost
	}
	if a.Port == 0 {
		return host
	}
	return host + ":" + strconv.Itoa(int(a.Port))
}

// Where is "container cart, env REDIS_URL" or "container cart, args[2]".
func (a *Address) Where() string { return a.source.String() }

// source is the text of a pod that shows an address.
type source struct {
	container *rules.Container
	place     texts.Place
}

// Kinds of places in a container.
const (
	inEnv uint8 = iota
	inCommand
	inArgs
)

func (s *source) String() string {
	text := "container " + clip.OneLine(s.container.Name)
	switch s.place.Kind {
	case inEnv:
		return text + ", env " + clip.OneLine(s.container.Env[s.place.Index].Name)
	case inCommand:
		return text + ", command[" + strconv.Itoa(s.place.Index) + "]"
	}
	return text + ", args[" + strconv.Itoa(s.place.Index) + "]"
}

// mayBeSecret reports whether the text is a variable that may hold a secret.
func (s *source) mayBeSecret() bool {
	return s.place.Kind == inEnv && vocabulary.MayHoldSecret(s.container.Env[s.place.Index].Name)
}
