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
	inFile
)

func (s *source) String() string {
	text := "container " + clip.OneLine(s.container.Name)
	switch s.place.Kind {
	case inEnv:
		e := &s.container.Env[s.place.Index]
		return text + ", env " + clip.OneLine(e.Name) + origin(e.ValueFrom)
	case inFile:
		e := &s.container.Env[s.place.Index]
		return text + ", file " + clip.OneLine(e.ValueFrom.ConfigMapKeyRef.Key) + " of ConfigMap " + clip.OneLine(e.ValueFrom.ConfigMapKeyRef.Name) + ", " + clip.OneLine(e.Name)
	case inCommand:
		return text + ", command[" + strconv.Itoa(s.place.Index) + "]"
	}
	return text + ", args[" + strconv.Itoa(s.place.Index) + "]"
}

// origin is " (ConfigMap app, key host)", " (ConfigMap app)" or " (Secret redis, key url)",
// or nothing where the pod itself has the value.
func origin(from *rules.ValueFrom) string {
	if from == nil {
		return ""
	}
	kind, ref := configMapKind, &from.ConfigMapKeyRef
	if ref.Name == "" {
		kind, ref = secretKind, &from.SecretKeyRef
	}
	text := " (" + kind + " " + clip.OneLine(ref.Name)
	if ref.Key != "" {
		text += ", key " + clip.OneLine(ref.Key)
	}
	return text + ")"
}

// mayBeSecret reports whether the text is a variable that may hold a secret.
func (s *source) mayBeSecret() bool {
	return (s.place.Kind == inEnv || s.place.Kind == inFile) && vocabulary.MayHoldSecret(s.container.Env[s.place.Index].Name)
}
