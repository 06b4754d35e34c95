package evidence

import (
	"slices"
	"sync"

	"github.com/holdfast-mesh/holdfast/istio"
	"github.com/holdfast-mesh/holdfast/rules"
	"github.com/holdfast-mesh/holdfast/rules/evidence/texts"
	"github.com/holdfast-mesh/holdfast/rules/evidence/vocabulary"
)

// Bounds of one pod's scan.
const (
	// maxAddresses is how many addresses are kept that somebody asks for; the rest
	// is not looked at.
	maxAddresses = 512
	// maxOthers is how many others are kept, for people to see what was read.
	maxOthers = 16
)

// Found is what a pod shows.
type Found struct {
	Addresses []Address // those asked for, in the order of the pod's texts; one may come again
	Declared  []Declared
	Others    []Address // the first that nobody asks for
	Unasked   int       // how many nobody asks for
	Cut       bool      // there was more than is read of a pod
	Unread    []Unread  // the first that stand elsewhere, and were not read
	Unlisted  int       // how many more there are of these

	scanner *scanner // whose space the addresses are in
}

// Scan reads a pod, to find addresses that are asked for; nil: whatever the address.
func Scan(pod *rules.Pod, asked *Asked) Found {
	s := scanners.Get().(*scanner)
	s.asked, s.pod, s.reader.Sink = asked, pod, s
	s.self = selfOf(pod)
	for i := range pod.Containers {
		// What Istio's containers talk to is Istio's affair, and a webhook that
		// is called again after the injector sees them.
		if c := &pod.Containers[i]; !istio.IsOwnContainer(c.Name) {
			s.read(c)
		}
	}
	return Found{
		Addresses: s.addresses, Declared: declared(pod.Annotations[rules.MiddlewareAnnotation]),
		Others: s.others, Unasked: s.unasked, Cut: s.more || s.left || s.reader.Unsearched,
		Unread: s.unread, Unlisted: s.unlisted, scanner: s,
	}
}

// Release lets another scan have the space of this one, some KB, whose addresses
// may not be used from then on. Who calls it not leaves the space to the garbage
// collector.
func (f *Found) Release() {
	if f.scanner != nil {
		f.scanner.release()
	}
	*f = Found{}
}

// scanner collects the addresses of one pod.
type scanner struct {
	asked     *Asked // nil: all
	self      self
	addresses []Address
	others    []Address
	unasked   int
	more      bool // than are kept
	pod       *rules.Pod
	container *rules.Container // that is being read
	unread    []Unread
	unlisted  int
	taken     int  // bytes from ConfigMaps
	left      bool // more of them than is read
	reader    texts.Reader
	expansion expansion
}

var scanners = sync.Pool{New: func() any { return new(scanner) }}

// big is how many replaced variables only a hostile pod has.
const big = 4096

// release forgets the pod and keeps the space, unless a hostile pod made it big.
func (s *scanner) release() {
	if cap(s.expansion.replaced) >= big {
		return
	}
	clear(s.addresses[:cap(s.addresses)])
	clear(s.others)
	clear(s.expansion.replaced[:cap(s.expansion.replaced)])
	clear(s.unread)
	s.reader.Forget()
	*s = scanner{
		unread:    s.unread[:0],
		addresses: s.addresses[:0],
		others:    s.others[:0],
		reader:    s.reader,
		expansion: expansion{replaced: s.expansion.replaced[:0]},
	}
	scanners.Put(s)
}

func (s *scanner) read(c *rules.Container) {
	s.container = c
	c = s.resolve(c)
	s.self.enter(c)
	s.expansion.begin(c.Env)
	s.variables(c, inEnv)
	// Flags of one program may be split over command and args.
	s.reader.Arguments()
	s.arguments(c.Command, inCommand)
	s.arguments(c.Args, inArgs)
	s.reader.Join()
	s.mounts(c)
}

// variables reads the variables of a container, or the settings of a file, which a
// container of its own has.
func (s *scanner) variables(c *rules.Container, kind uint8) {
	s.container = c
	kept := len(s.addresses)
	s.reader.Variables()
	for i := range c.Env {
		s.reader.Place = texts.Place{Kind: kind, Index: i}
		s.variable(i, &c.Env[i])
	}
	s.reader.Join()
	if s.reader.HasOffs() {
		s.addresses = append(s.addresses[:kept], slices.DeleteFunc(s.addresses[kept:], func(a Address) bool {
			return s.reader.IsOff(c.Env[a.source.place.Index].Name, a.Kind)
		})...)
	}
}

// variable reads variable i of the container.
func (s *scanner) variable(i int, e *rules.EnvVar) {
	value := e.Value
	switch {
	case e.ValueFrom != nil && value != "": // taken as it is
	case e.ValueFrom != nil && (vocabulary.IsSecret(e.Name) || vocabulary.MayHoldSecret(e.Name)): // no address, whoever reads it
	case e.ValueFrom != nil:
		if name := e.ValueFrom.SecretKeyRef.Name; name != "" {
			s.notRead(byValueFrom, e.Name, secretKind, name)
			s.reader.Unknown(e.Name)
		} else if name := e.ValueFrom.ConfigMapKeyRef.Name; name != "" {
			s.notRead(byValueFrom, e.Name, configMapKind, name)
			s.reader.Unknown(e.Name)
		}
	case hasReference(value):
		value = s.expansion.replace(i)
	}
	if value != "" {
		s.reader.Variable(e.Name, value)
	}
}

func (s *scanner) arguments(list []string, kind uint8) {
	for i, value := range list {
		s.reader.Place = texts.Place{Kind: kind, Index: i}
		s.reader.Argument(s.expansion.expand(value, len(s.expansion.env)))
	}
}

// Add keeps an address unless it is the pod's own.
func (s *scanner) Add(f *texts.Found) {
	kept := len(s.addresses)
	s.addresses = append(s.addresses, Address{
		Host: f.Host, IP: f.IP, Port: f.Port, Kind: f.Kind, Form: f.Form, HTTP: f.HTTP, Unresolved: f.Unresolved,
		hidden: f.Hidden, source: source{s.container, f.Place},
	})
	a := &s.addresses[kept]
	switch {
	case s.self.is(a):
	case s.asked == nil && a.Port != 0, s.asked != nil && s.asked.Has(a):
		if kept == maxAddresses {
			s.addresses = s.addresses[:kept]
			s.more = true
		}
		return
	case a.Port == 0 && !a.Unresolved: // a word that is nothing to anybody
	case len(s.others) < maxOthers:
		s.others = append(s.others, *a)
		s.unasked++
	default:
		s.unasked++
	}
	s.addresses = s.addresses[:kept]
}

// Full reports whether nothing more would be kept.
func (s *scanner) Full() bool { return s.more }
