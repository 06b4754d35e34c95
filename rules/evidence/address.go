package evidence

import (
	"net/netip"
	"strconv"

	"github.com/holdfast-mesh/holdfast/internal/clip"
	"github.com/holdfast-mesh/holdfast/rules"
)

// Address is what a text in a pod leads to: a host or an IP, and a port.
type Address struct {
	Host string     // in lower case, without a final dot; empty for an IP
	IP   netip.Addr // without zone, v4-mapped addresses as IPv4
	Port uint16
	// Kind is the name of the middleware in rules.KnownMiddleware that the text itself
	// says: by a scheme, a variable's name, a sibling. Empty where nothing but the port
	// may tell.
	Kind string
	Form Form
	// Unresolved: which host it is, is not known, as of a value that comes from a
	// Secret.
	Unresolved bool
	// hidden: the text may be part of a password, so only the port is shown.
	hidden bool
	source source
}

// String is "redis.prod:6379" or "[2001:db8::1]:6379"; it is "***:6379" where
// the host may be part of a secret.
func (a *Address) String() string {
	switch {
	case a.hidden || a.source.mayBeSecret():
		return "***:" + strconv.Itoa(int(a.Port))
	case a.IP.IsValid():
		return netip.AddrPortFrom(a.IP, a.Port).String()
	}
	return a.Host + ":" + strconv.Itoa(int(a.Port))
}

// Where is "container cart, env REDIS_URL" or "container cart, args[2]".
func (a *Address) Where() string { return a.source.String() }

// source is the text of a pod that shows an address.
type source struct {
	container *rules.Container
	kind      sourceKind
	index     int
}

type sourceKind uint8

const (
	inEnv sourceKind = iota
	inCommand
	inArgs
)

func (s *source) String() string {
	text := "container " + clip.OneLine(s.container.Name)
	switch s.kind {
	case inEnv:
		return text + ", env " + clip.OneLine(s.container.Env[s.index].Name)
	case inCommand:
		return text + ", command[" + strconv.Itoa(s.index) + "]"
	}
	return text + ", args[" + strconv.Itoa(s.index) + "]"
}

// mayBeSecret reports whether the text is a variable that may hold a secret.
func (s *source) mayBeSecret() bool {
	return s.kind == inEnv && mayHoldSecret(s.container.Env[s.index].Name)
}
