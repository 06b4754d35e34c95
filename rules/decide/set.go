package decide

import (
	"hash/maphash"
	"io"
	"iter"
	"runtime"
	"sync"

	"github.com/gaissmai/bart"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	jsonv1 "github.com/go-json-experiment/json/v1"

	"github.com/holdfast-mesh/holdfast/internal/digest"
	"github.com/holdfast-mesh/holdfast/internal/ports"
	"github.com/holdfast-mesh/holdfast/rules"
	"github.com/holdfast-mesh/holdfast/rules/evidence"
	"github.com/holdfast-mesh/holdfast/rules/merge"
)

// Set is a compiled, immutable rules file, safe for many goroutines.
type Set struct {
	file  *rules.File
	hash  func() string // worked out for the first who asks
	rules []compiled    // those of the file, and behind them its gateways
	index index
	asked *evidence.Asked // by referencing rules
	// namespaceSelectors are the rules that ask for namespace labels.
	namespaceSelectors []int32
	memo               memo
}

// compiled is a rule with everything worked out that does not depend on a pod.
type compiled struct {
	merge.Rule
	pods       selector
	namespaces selector      // of namespace labels
	table      *bart.Lite    // of CIDRs, where a list would be slow
	ambiguous  []ports.Range // of the rule's middleware: alone they show no use
	notHTTP    []ports.Range // of the rule's middleware: nobody speaks HTTP there
}

// longList is how many CIDRs a rule has before a table beats looking at each.
const longList = 8

// Compile makes a Set of a loaded file, which nobody may change from then on.
func Compile(file *rules.File) *Set {
	s := &Set{file: file, hash: sync.OnceValue(func() string { return hashOf(file) }), rules: make([]compiled, len(file.Rules)+len(file.Gateways))}
	s.memo.seed = maphash.MakeSeed()
	var compiler merge.Compiler
	for i := range file.Rules {
		runtime.Gosched() // a server answers meanwhile, and would wait for 10 ms
		r := &s.rules[i]
		r.compile(&compiler, &file.Rules[i])
		if r.namespaces != nil {
			s.namespaceSelectors = append(s.namespaceSelectors, int32(i))
		}
	}
	for i := range file.Gateways {
		s.rules[len(file.Rules)+i].compile(&compiler, gatewayRule(&file.Gateways[i], file.Mode))
	}
	s.index = newIndex(s.ofSidecars())
	s.asked = evidence.NewAsked(s.referencing())
	return s
}

// File returns what the set was compiled from. The caller may not change it.
func (s *Set) File() *rules.File { return s.file }

// Hash identifies the policy: equal files have equal hashes, whatever their
// comments, descriptions and layout.
func (s *Set) Hash() string { return s.hash() }

// referencing are the destinations that pods are searched for.
func (s *Set) referencing() iter.Seq[*rules.Destinations] {
	return func(yield func(*rules.Destinations) bool) {
		for i := range s.ofSidecars() {
			if s.rules[i].Workloads.Referencing && !yield(&s.rules[i].Destinations) {
				return
			}
		}
	}
}

func (c *compiled) compile(compiler *merge.Compiler, r *rules.Rule) {
	c.Rule = compiler.Compile(r)
	c.pods = compileSelector(r.Workloads.PodSelector)
	c.namespaces = compileSelector(r.Workloads.NamespaceSelector)
	if r.Workloads.Referencing && len(r.Destinations.CIDRs) > longList {
		c.table = new(bart.Lite)
		for _, p := range r.Destinations.CIDRs {
			c.table.Insert(p)
		}
	}
	for _, name := range r.Destinations.Middleware {
		m, _ := rules.FindMiddleware(name)
		c.ambiguous = append(c.ambiguous, m.Ambiguous...)
		if !m.HTTP {
			c.notHTTP = append(c.notHTTP, m.Ports...)
		}
	}
}

// hashOf is over every field of the file's types, so that none is forgotten;
// those that decide nothing have the tag `json:"-"`.
func hashOf(f *rules.File) string {
	hash, err := digest.Of(func(w io.Writer) error {
		return json.MarshalWrite(w, f, json.Deterministic(true), jsontext.AllowInvalidUTF8(true), jsonv1.FormatDurationAsNano(true))
	})
	if err != nil {
		panic("rules.File has a field that is no JSON: " + err.Error())
	}
	return hash
}
