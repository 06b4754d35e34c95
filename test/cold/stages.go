package cold

import (
	"runtime"
	"slices"
	"testing"
	"time"
)

// Stages times the parts of a piece of work that a benchmark does again and again, and counts
// what each allocates.
type Stages struct {
	round int
	names []string
	parts map[string]*part
	last  time.Time
	heap  runtime.MemStats
}

type part struct {
	times          []time.Duration
	objects, bytes uint64
}

// counted are the first rounds, of which allocations are counted. That stops the world and uses
// the caches, so their times do not count.
const counted = 20

// Begin begins a round, with the first part.
func (s *Stages) Begin() {
	s.round++
	s.next()
}

// Done ends a part, and begins the next one.
func (s *Stages) Done(name string) {
	now := time.Now()
	p := s.parts[name]
	if p == nil {
		if s.parts == nil {
			s.parts = map[string]*part{}
		}
		p = &part{}
		s.parts[name], s.names = p, append(s.names, name)
	}
	if s.round > counted {
		p.times = append(p.times, now.Sub(s.last))
	} else {
		before := s.heap
		runtime.ReadMemStats(&s.heap)
		p.objects += s.heap.Mallocs - before.Mallocs
		p.bytes += s.heap.TotalAlloc - before.TotalAlloc
	}
	s.next()
}

func (s *Stages) next() {
	if s.round <= counted {
		runtime.ReadMemStats(&s.heap)
	}
	s.last = time.Now()
}

// Report makes metrics of each part: the median of its times in nanoseconds, and the mean of what
// it allocated. A part that is nearly nothing is mostly the clock's.
func (s *Stages) Report(b *testing.B) {
	b.Helper()
	if s.round <= counted {
		return // the first call of a benchmark, to learn how long it takes
	}
	for _, name := range s.names {
		p := s.parts[name]
		slices.Sort(p.times)
		b.ReportMetric(float64(p.times[len(p.times)/2].Nanoseconds()), name+"-ns")
		b.ReportMetric(float64(p.objects/counted), name+"-allocs")
		b.ReportMetric(float64(p.bytes/counted), name+"-B")
	}
	b.ReportMetric(0, "ns/op") // with what evicts and counts
}
