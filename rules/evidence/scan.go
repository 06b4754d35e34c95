package evidence

import (
	"strings"
	"sync"

	"github.com/holdfast-mesh/holdfast/istio"
	"github.com/holdfast-mesh/holdfast/rules"
)

// Bounds of one pod's scan.
const (
	// maxAddresses is how many addresses are kept that somebody asks for; the rest
	// is not looked at.
	maxAddresses = 512
	// maxOthers is how many others are kept, for people to see what was read.
	maxOthers = 4
	// maxSearches is how many X_HOST variables get their X_PORT looked for.
	maxSearches = 256
)

// Found is what a pod shows.
type Found struct {
	Addresses []Address // those asked for, in the order of the pod's texts; one may come again
	Declared  []Declared
	Others    []Address // the first that nobody asks for
	Unasked   int       // how many nobody asks for
	Cut       bool      // there was more than is read of a pod

	scanner *scanner // whose space the addresses are in
}

// Scan reads a pod, to find addresses that are asked for; nil: whatever the address.
func Scan(pod *rules.Pod, asked *Asked) Found {
	s := scanners.Get().(*scanner)
	s.asked = asked
	for i := range pod.Containers {
		// What Istio's containers talk to is Istio's affair, and a webhook that
		// is called again after the injector sees them.
		if c := &pod.Containers[i]; !istio.IsOwnContainer(c.Name) {
			s.container(c)
		}
	}
	return Found{
		Addresses: s.addresses, Declared: declared(pod.Annotations[rules.MiddlewareAnnotation]),
		Others: s.others, Unasked: s.unasked, Cut: s.more || s.unsearched, scanner: s,
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
	asked      *Asked // nil: all
	addresses  []Address
	others     []Address
	unasked    int
	more       bool // than are kept
	searches   int
	unsearched bool   // over maxSearches
	source     source // of the text that is being read
	hiding     bool   // the text may be a password
	pairs      []pair
	form       Form // of what pairs show
	expansion  expansion
}

var scanners = sync.Pool{New: func() any { return new(scanner) }}

// big is how many pairs, or replaced variables, only a hostile pod has.
const big = 4096

// release forgets the pod and keeps the space, unless a hostile pod made it big.
func (s *scanner) release() {
	if cap(s.pairs) >= big || cap(s.expansion.replaced) >= big {
		return
	}
	clear(s.addresses[:cap(s.addresses)])
	clear(s.others)
	clear(s.pairs[:cap(s.pairs)])
	clear(s.expansion.replaced[:cap(s.expansion.replaced)])
	*s = scanner{
		addresses: s.addresses[:0],
		others:    s.others[:0],
		pairs:     s.pairs[:0],
		expansion: expansion{replaced: s.expansion.replaced[:0]},
	}
	scanners.Put(s)
}

func (s *scanner) container(c *rules.Container) {
	s.expansion.begin(c.Env)
	s.pairs, s.form = s.pairs[:0], FormHostPortVariables
	s.source = source{container: c, kind: inEnv}
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
		s.source.index = i
		s.keepVariable(name, value)
		if (marks&markAddress != 0 || value != "" && value[0] == '-') && !isSecretName(name) {
			s.text(value)
		}
	}
	s.joinPairs()
	// Flags of one program may be split over command and args.
	s.pairs, s.form = s.pairs[:0], FormFlags
	s.arguments(c.Command, source{container: c, kind: inCommand})
	s.arguments(c.Args, source{container: c, kind: inArgs})
	s.joinPairs()
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

// add keeps an address unless it is the pod's own, or none.
func (s *scanner) add(a Address) {
	if s.full() {
		return
	}
	if a.IP.IsValid() {
		if a.IP.IsLoopback() || a.IP.IsUnspecified() {
			return
		}
	} else if isPasswordName(a.Host) || a.Host == "localhost" || strings.HasSuffix(a.Host, ".localhost") {
		return
	}
	a.source, a.hidden = s.source, a.hidden || s.hiding
	kept := len(s.addresses)
	s.addresses = append(s.addresses, a)
	switch {
	case s.asked != nil && !s.asked.Has(&s.addresses[kept]):
		s.addresses = s.addresses[:kept]
		if s.unasked++; len(s.others) < maxOthers {
			s.others = append(s.others, a)
		}
	case kept == maxAddresses:
		s.addresses = s.addresses[:kept]
		s.more = true
	}
}

// full reports whether nothing more would be kept.
func (s *scanner) full() bool { return s.more }
