package rules

import (
	"net/netip"
	"slices"

	yaml "go.yaml.in/yaml/v4"

	"github.com/holdfast-mesh/holdfast/internal/ports"
)

// ruleMarks are positions of one rule that checks across rules need.
type ruleMarks struct {
	strategy, keepalive mark
}

// rules reads the list of rules.
func (l *loader) rules(n *yaml.Node, at *path, f *File) {
	items := l.list(n, at, "a list of rules")
	names := make(map[string]mark, len(items))
	f.Rules = make([]Rule, 0, len(items))
	l.marks = make([]ruleMarks, 0, len(items))
	for i, item := range items {
		if l.full {
			break
		}
		f.Rules = append(f.Rules, Rule{Mode: f.Mode, Line: item.Line, Column: item.Column})
		l.marks = append(l.marks, ruleMarks{})
		l.rule(item, &path{up: at, index: i}, &f.Rules[i], &l.marks[i], names)
	}
}

func (l *loader) rule(item *yaml.Node, at *path, r *Rule, marks *ruleMarks, names map[string]mark) {
	var o object
	if !l.object(item, at, ruleKeys, &o) {
		return
	}
	if n := o.get("name"); n != nil {
		at := &path{up: at, key: "name"}
		r.Name = l.label(n, at, "a name")
		l.unique(n, item, at, "rule", r.Name, names)
	}
	if n := o.get("description"); n != nil {
		s, _ := l.text(l.resolve(n), &path{up: at, key: "description"}, "text")
		r.Description = l.intern(s)
	}
	if n := o.get("mode"); n != nil {
		r.Mode = Mode(l.choice(n, &path{up: at, key: "mode"}, string(Enforce), string(Observe)))
	}
	if n := o.get("allowBroad"); n != nil {
		r.AllowBroad = l.boolean(n, &path{up: at, key: "allowBroad"})
	}
	if n := o.get("allowProtected"); n != nil {
		r.AllowProtected = l.boolean(n, &path{up: at, key: "allowProtected"})
	}
	if n := o.get("workloads"); n != nil {
		before := len(l.problems)
		l.workloads(n, &path{up: at, key: "workloads"}, &r.Workloads)
		if !l.problems[before:].HasErrors() {
			l.neverMatches(r, n, at)
		}
	}
	// Strategy first: what destinations may hold depends on it.
	var s strategyNodes
	if n := o.get("strategy"); n != nil {
		l.strategy(n, &path{up: at, key: "strategy"}, &r.Strategy, &s)
		marks.strategy = mark{s.node.Line, s.node.Column}
		if s.keepalive != nil {
			marks.keepalive = mark{s.keepalive.Line, s.keepalive.Column}
		}
	}
	var d destinationNodes
	if n := o.get("destinations"); n != nil {
		l.destinations(n, &path{up: at, key: "destinations"}, r, &d)
	}
	if s.node != nil && d.node != nil {
		l.reach(r, &s, &d)
	}
}

// destinationNodes are the lists of a rule's destinations, nil where empty.
type destinationNodes struct {
	node, middleware, ports, cidrs, hosts *yaml.Node
	at                                    *path
	bad                                   bool // some item could not be read
}

func (l *loader) destinations(n *yaml.Node, at *path, r *Rule, d *destinationNodes) {
	var o object
	if !l.object(n, at, destinationsKeys, &o) {
		return
	}
	d.node, d.at = o.node, at
	before := len(l.problems)
	get := func(key, want string) (*yaml.Node, []*yaml.Node, *path) {
		n := o.get(key)
		if n == nil {
			return nil, nil, nil
		}
		at := &path{up: at, key: key}
		items := l.list(n, at, want)
		if n = l.resolve(n); n.Kind == yaml.SequenceNode && len(items) == 0 {
			n = nil
		}
		return n, items, at
	}
	var items []*yaml.Node
	var in *path
	d.middleware, items, in = get("middleware", "a list of names such as [redis]")
	for i, item := range items {
		if l.full {
			return
		}
		if m, ok := l.middleware(item, &path{up: in, index: i}); ok && !slices.Contains(r.Destinations.Middleware, m.Name) {
			r.Destinations.Middleware = append(r.Destinations.Middleware, m.Name)
			r.Destinations.Ports = append(r.Destinations.Ports, m.Ports...)
		}
	}
	d.ports, items, in = get("ports", "a list of ports such as [6379, \"7000-7005\"]")
	for i, item := range items {
		if l.full {
			return
		}
		at := &path{up: in, index: i}
		if p, ok := l.portRange(item, at); ok {
			l.protected(item, at, p, r)
			r.Destinations.Ports = append(r.Destinations.Ports, p)
		}
	}
	d.cidrs, items, in = get("cidrs", "a list of networks such as [10.20.0.0/16]")
	for i, item := range items {
		if l.full {
			return
		}
		at := &path{up: in, index: i}
		if p, ok := l.cidr(item, at); ok {
			l.broad(item, at, p, r)
			r.Destinations.CIDRs = append(r.Destinations.CIDRs, p)
		}
	}
	d.hosts, items, in = get("hosts", "a list of names such as [\"*.example.com\"]")
	for i, item := range items {
		if l.full {
			return
		}
		if h, ok := l.host(item, &path{up: in, index: i}); ok {
			r.Destinations.Hosts = append(r.Destinations.Hosts, h)
		}
	}
	d.bad = l.problems[before:].HasErrors()
	if d.middleware == nil && d.ports == nil && d.cidrs == nil && d.hosts == nil && !d.bad {
		l.errorAt(d.node, EmptyDestinations, at, "got no destination, want at least one of middleware, ports, cidrs and hosts: write for example middleware: [redis]")
	}
	r.Destinations.Hosts = withoutDuplicates(r.Destinations.Hosts)
	r.Destinations.Ports = ports.Merge(r.Destinations.Ports)
	slices.SortFunc(r.Destinations.CIDRs, netip.Prefix.Compare)
	r.Destinations.CIDRs = slices.Compact(r.Destinations.CIDRs)
}

// middleware reads a name of the table.
func (l *loader) middleware(n *yaml.Node, at *path) (Middleware, bool) {
	n = l.resolve(n)
	s, ok := l.text(n, at, "text: the name of a middleware, such as redis")
	if !ok {
		return Middleware{}, false
	}
	m, ok := FindMiddleware(s)
	if ok && isDNSLabel(s) { // names are lower case
		return m, true
	}
	var known, all []string
	for _, m := range KnownMiddleware() {
		known = append(known, m.Name)
		all = append(append(all, m.Name), m.Aliases...)
	}
	hint := "; for other servers list their ports"
	if near := nearest(s, all); near != "" {
		hint = ": write " + near
	}
	l.errorAt(n, UnknownMiddleware, at, "got %s, want %s%s", show(s), orList(known), hint)
	return Middleware{}, false
}

func (l *loader) workloads(n *yaml.Node, at *path, w *Workloads) {
	var o object
	if !l.object(n, at, workloadsKeys, &o) {
		return
	}
	if n := o.get("namespaces"); n != nil {
		at := &path{up: at, key: "namespaces"}
		items := l.list(n, at, "a list of namespaces such as [shop, \"team-*\"]")
		if n = l.resolve(n); n.Kind == yaml.SequenceNode && len(items) == 0 {
			l.errorAt(n, EmptyList, at, "got no namespaces, want at least one: remove the key to mean any")
		}
		for i, item := range items {
			if l.full {
				break
			}
			if s, ok := l.namespace(item, &path{up: at, index: i}); ok {
				w.Namespaces = append(w.Namespaces, s)
			}
		}
		w.Namespaces = withoutDuplicates(w.Namespaces)
	}
	if n := o.get("namespaceSelector"); n != nil {
		w.NamespaceSelector = l.selector(n, &path{up: at, key: "namespaceSelector"})
	}
	if n := o.get("podSelector"); n != nil {
		w.PodSelector = l.selector(n, &path{up: at, key: "podSelector"})
	}
	if n := o.get("referencing"); n != nil {
		w.Referencing = l.boolean(n, &path{up: at, key: "referencing"})
	}
}
