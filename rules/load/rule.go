package load

import (
	"net/netip"
	"slices"

	"github.com/holdfast-mesh/holdfast/internal/distinct"
	"github.com/holdfast-mesh/holdfast/internal/ports"
	"github.com/holdfast-mesh/holdfast/rules"
	"github.com/holdfast-mesh/holdfast/rules/load/lint"
)

// ruleMarks are what checks across rules need of one: positions, and which
// warnings are meant.
type ruleMarks struct {
	strategy, keepalive mark
	allowed             []Code
}

// manyRules is for how many rules there is room from the start.
const manyRules = 10_000

// rules reads the list of rules. Once there is an error, rules are only read
// to tell what is wrong with them.
func (l *loader) rules(v value, f *rules.File) {
	names := make(map[string]mark)
	f.Rules = slices.Grow(f.Rules, min(len(v.Content), manyRules))
	l.list(v, "a list of rules", func(item value) {
		f.Rules = append(f.Rules, rules.Rule{Mode: f.Mode, Line: item.use.Line, Column: item.use.Column})
		last := len(f.Rules) - 1
		marks := l.rule(item, &f.Rules[last], names)
		if l.errors > 0 {
			f.Rules = f.Rules[:last]
			return
		}
		l.marks = append(l.marks, marks)
	})
}

func (l *loader) rule(item value, r *rules.Rule, names map[string]mark) (marks ruleMarks) {
	var s strategyValues
	var d destinationValues
	defer func() { l.allowed = nil }()
	l.object(item, ruleKeys,
		// First, for all warnings that follow.
		field{"allow", func(v value) {
			l.allowed = l.allow(v, RuleWarnings())
			marks.allowed = l.allowed
		}},
		field{"name", func(v value) {
			r.Name = l.label(v, "a name")
			l.unique(v, item, "rule", r.Name, names)
		}},
		field{"description", func(v value) {
			text, _ := l.text(v, "text")
			r.Description = l.intern(text)
		}},
		field{"mode", func(v value) { r.Mode = choice(l, v, rules.Enforce, rules.Observe) }},
		field{"allowBroad", func(v value) { r.AllowBroad = l.boolean(v) }},
		field{"allowProtected", func(v value) { r.AllowProtected = l.boolean(v) }},
		field{"workloads", func(v value) { l.workloads(v, &r.Workloads) }},
		// Strategy first: what destinations may hold depends on it.
		field{"strategy", func(v value) {
			l.strategy(v, &r.Strategy, &s)
			marks.strategy = markOf(v.Node)
			if s.keepalive.given() {
				marks.keepalive = markOf(s.keepalive.Node)
			}
		}},
		field{"destinations", func(v value) { l.destinations(v, r, &d) }},
	)
	if s.given() && d.given() {
		l.reach(r, &s, &d)
	}
	if l.errors == 0 {
		l.chosenPods(r, &s, &d)
		l.ruleObjects(r, &s)
	}
	return marks
}

// destinationValues are the lists of a rule's destinations where they are not
// empty.
type destinationValues struct {
	value
	middleware, ports, cidrs, hosts value

	bad bool // some key or item could not be read
}

func (l *loader) destinations(v value, r *rules.Rule, d *destinationValues) {
	to, before := &r.Destinations, l.errors
	list := func(key string, list *value, want string, read func(item value)) field {
		return field{key, func(v value) {
			if l.list(v, want, read) != 0 {
				*list = v
			}
		}}
	}
	if !l.object(v, destinationsKeys,
		list("middleware", &d.middleware, "a list of names such as [redis]", func(item value) {
			if m, ok := l.middleware(item); ok && !slices.Contains(to.Middleware, m.Name) {
				to.Middleware = append(to.Middleware, m.Name)
				to.Ports = append(to.Ports, m.Ports...)
			}
		}),
		list("ports", &d.ports, "a list of ports such as [6379, \"7000-7005\"]", func(item value) {
			if p, ok := l.portRange(item); ok {
				l.protected(item, p, r)
				to.Ports = append(to.Ports, p)
			}
		}),
		list("cidrs", &d.cidrs, "a list of networks such as [10.20.0.0/16]", func(item value) {
			if p, ok := l.cidr(item); ok {
				l.broad(item, p, r)
				to.CIDRs = append(to.CIDRs, p)
			}
		}),
		list("hosts", &d.hosts, "a list of names such as [\"*.example.com\"]", func(item value) {
			if h, ok := l.host(item); ok {
				to.Hosts = append(to.Hosts, h)
			}
		}),
	) {
		return
	}
	d.value = v
	d.bad = l.errors > before // a mistyped key may hold what is missing then
	if !d.middleware.given() && !d.ports.given() && !d.cidrs.given() && !d.hosts.given() && !d.bad {
		l.errorAt(v, emptyDestinations, "got no destination, want at least one of middleware, ports, cidrs and hosts: write for example middleware: [redis]")
	}
	to.Hosts = distinct.Of(to.Hosts)
	to.Ports = ports.Merge(to.Ports)
	slices.SortFunc(to.CIDRs, netip.Prefix.Compare)
	to.CIDRs = slices.Compact(to.CIDRs)
}

// middleware reads a name of the table.
func (l *loader) middleware(v value) (rules.Middleware, bool) {
	s, ok := l.text(v, "text: the name of a middleware, such as redis")
	if !ok {
		return rules.Middleware{}, false
	}
	m, ok := rules.FindMiddleware(s)
	if ok && isDNSLabel(s) { // names are lower case
		return m, true
	}
	l.errorAt(v, unknownMiddleware, "got %s, want %s", show(s), later(func() string {
		var known, all []string
		for _, m := range rules.KnownMiddleware() {
			known = append(known, m.Name)
			all = append(append(all, m.Name), m.Aliases...)
		}
		if hint := writeNearest(s, all); hint != "" {
			return orList(known) + hint
		}
		return orList(known) + "; for other servers list their ports"
	}))
	return rules.Middleware{}, false
}

// workloads reads the conditions on pods, and warns of those that no pod can
// meet.
func (l *loader) workloads(v value, w *rules.Workloads) {
	before := l.errors
	l.object(v, workloadsKeys,
		field{"namespaces", func(v value) {
			if l.list(v, "a list of namespaces such as [shop, \"team-*\"]", func(item value) {
				if s, ok := l.namespace(item); ok {
					w.Namespaces = append(w.Namespaces, s)
				}
			}) == 0 {
				l.errorAt(v, emptyList, "got no namespaces, want at least one: remove the key to mean any")
			}
			w.Namespaces = distinct.Of(w.Namespaces)
		}},
		field{"namespaceSelector", func(v value) { w.NamespaceSelector = l.selector(v) }},
		field{"podSelector", func(v value) { w.PodSelector = l.selector(v) }},
		field{"referencing", func(v value) { w.Referencing = l.boolean(v) }},
	)
	if l.errors > before {
		return
	}
	if why := lint.Unmatchable(w); why != "" {
		l.warnAt(v, neverMatches, "got conditions that no pod can meet (%s), want a rule that can match", why)
	}
}
