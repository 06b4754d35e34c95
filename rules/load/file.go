package load

import (
	yaml "go.yaml.in/yaml/v4"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/holdfast-mesh/holdfast/internal/distinct"
	"github.com/holdfast-mesh/holdfast/istio"
	"github.com/holdfast-mesh/holdfast/rules"
	"github.com/holdfast-mesh/holdfast/rules/load/internal/grammar"
	"github.com/holdfast-mesh/holdfast/rules/load/lint"
)

// file reads the whole tree.
func (l *loader) file(root *yaml.Node) *rules.File {
	f := &rules.File{Mode: rules.Enforce, Mesh: rules.Mesh{RootNamespace: istio.DefaultRootNamespace}}
	v := l.value(root, nil)
	if !l.object(v, fileKeys,
		field{"apiVersion", func(v value) { l.constant(v, badAPIVersion, rules.APIVersion) }},
		field{"kind", func(v value) { l.constant(v, badKind, rules.Kind) }},
		field{"mode", func(v value) { f.Mode = choice(l, v, rules.Enforce, rules.Observe) }},
		// Before rules, whose warnings name objects in the root namespace.
		field{"mesh", func(v value) {
			f.Mesh.Given = true
			l.mesh(v, &f.Mesh)
		}},
		field{"rules", func(v value) {
			l.rootNamespace = f.Mesh.RootNamespace
			l.rules(v, f)
		}},
		field{"gateways", func(v value) { l.gateways(v, f) }},
	) {
		return nil
	}
	if l.errors == 0 {
		if len(f.Rules)+len(f.Gateways) == 0 {
			l.warnAt(v, noRules, "got neither rules nor gateways, want some: no pod will be changed")
		}
		l.lint(f)
	}
	return f
}

// lint reports what only shows when rules are seen together.
func (l *loader) lint(f *rules.File) {
	for _, i := range lint.CutKeepalive(f.Rules) {
		l.allowed = l.marks[i].allowed
		l.report(l.marks[i].keepalive, Warning, keepaliveWithoutIdleTimeout, rulePath(i, "strategy", "keepalive"),
			"got keepalive without an idleTimeout over 1h, want both: probes carry no bytes, so the sidecar still cuts after its idle timeout of 1h; add for example idleTimeout: 48h")
	}
	for _, c := range lint.Conflicts(f.Rules) {
		other := &f.Rules[c.Other]
		l.allowed = l.marks[c.Rule].allowed
		l.report(l.marks[c.Rule].strategy, Warning, conflictingRules, rulePath(c.Rule, "strategy"),
			"got another way for a destination of rule %q (line %d), want one: %s", other.Name, other.Line, c.Why)
	}
}

// rulePath is the path of a value in rule i.
func rulePath(i int, keys ...string) *path {
	at := &path{up: &path{key: "rules"}, index: i}
	for _, k := range keys {
		at = &path{up: at, key: k}
	}
	return at
}

// constant checks what says that this is a rules file of a known version.
func (l *loader) constant(v value, code Code, want string) {
	if s, ok := l.text(v, "text: "+want); ok && s != want {
		l.errorAt(v, code, "got %s, want %s", grammar.Show(s), want)
	}
}

// mesh reads what Istio was installed with.
func (l *loader) mesh(v value, mesh *rules.Mesh) {
	l.object(v, meshKeys,
		field{"rootNamespace", func(v value) { mesh.RootNamespace = l.label(v, "a namespace") }},
		field{"excludeOutboundPorts", func(v value) {
			l.list(v, "a list of ports", func(item value) {
				if p, ok := l.singlePort(item, 0); ok {
					mesh.ExcludeOutboundPorts = append(mesh.ExcludeOutboundPorts, p)
				}
			})
		}},
		field{"excludeOutboundIPRanges", func(v value) {
			l.list(v, "a list of CIDRs", func(item value) {
				if p, ok := l.cidr(item); ok {
					mesh.ExcludeOutboundIPRanges = append(mesh.ExcludeOutboundIPRanges, p)
				}
			})
		}},
	)
}

// gateways reads the list of gateways.
func (l *loader) gateways(v value, f *rules.File) {
	names := map[string]mark{}
	l.list(v, "a list of gateways", func(item value) {
		g := l.gateway(item, names)
		if l.errors == 0 {
			f.Gateways = append(f.Gateways, g)
		}
	})
}

func (l *loader) gateway(item value, names map[string]mark) rules.Gateway {
	g := rules.Gateway{Line: item.use.Line, Column: item.use.Column}
	var ports, keepalive, drainDuration value
	before := l.errors
	defer func() { l.allowed = nil }()
	if !l.object(item, gatewayKeys,
		field{"allow", func(v value) { l.allowed = l.allow(v, GatewayWarnings()) }},
		field{"name", func(v value) {
			g.Name = l.label(v, "a name")
			l.unique(v, item, "gateway", g.Name, names)
		}},
		field{"namespace", func(v value) { g.Namespace = l.label(v, "a namespace") }},
		field{"selector", func(v value) {
			var empty bool
			if g.Selector, empty = l.labelMap(v); empty {
				l.errorAt(v, emptyList, "got no labels, want at least one: an empty selector would reach every proxy of the namespace")
			}
		}},
		field{"ports", func(v value) {
			ports = v
			if l.list(v, "a list of ports", func(item value) {
				if p, ok := l.singlePort(item, 1); ok {
					g.Ports = append(g.Ports, p)
				}
			}) == 0 {
				l.errorAt(v, emptyList, "got no ports, want at least one: the ports that the gateway's pods listen on")
			}
			g.Ports = distinct.Of(g.Ports)
		}},
		field{"keepalive", func(v value) {
			keepalive = v
			g.Keepalive = l.keepalive(v)
		}},
		field{"idleTimeout", func(v value) { g.IdleTimeout = l.idleTimeout(v) }},
		field{"drainDuration", func(v value) {
			drainDuration = v
			g.DrainDuration = l.drainDuration(v)
		}},
		field{"drainJitter", func(v value) {
			g.DrainJitter = l.drainJitter(v, drainDuration.given() || l.errors > before)
		}},
		field{"stopsLast", func(v value) { g.StopsLast = l.boolean(v) }},
	) {
		return g
	}
	switch {
	case hasUnknownKey(item, gatewayKeys): // it may be the one that is missing
	case keepalive.given() && !ports.given():
		l.errorAt(item, missingKey, "got keepalive and no \"ports\", want both: the ports that the gateway's pods listen on, such as [8443]")
	case !keepalive.given() && !g.ForPods() && l.errors == before:
		l.errorAt(item, emptyStrategy, "got a gateway with nothing to do, want keepalive with ports, idleTimeout, drainDuration or stopsLast: write for example idleTimeout: 24h")
	case !keepalive.given() && ports.given():
		l.warnAt(ports, portsDoNotNarrow, "got ports without keepalive, want both or neither: everything else is for all connections through the gateway")
	}
	if l.errors == 0 && keepalive.given() {
		l.needsMeshObject(keepalive, "keepalive", g.Namespace, istio.GatewayObjectPrefix+g.Name, managed)
	}
	return g
}

// label reads a DNS-1123 label.
func (l *loader) label(v value, what string) string {
	s, ok := l.text(v, "text: "+what)
	if !ok {
		return ""
	}
	if grammar.IsDNSLabel(s) {
		return l.intern(s)
	}
	l.errorAt(v, badName, "got %s, want %s of at most %d lower case letters, digits and \"-\", a letter or digit at both ends%s",
		grammar.Show(s), what, validation.DNS1123LabelMaxLength, later(func() string { return grammar.LabelHint(s) }))
	return ""
}

// unique reports a name that stands before. Where an alias or a merge brings the
// very same one, the item is the place to mend.
func (l *loader) unique(v, item value, what, name string, names map[string]mark) {
	if name == "" {
		return
	}
	first, ok := names[name]
	if !ok {
		names[name] = markOf(v.Node)
		return
	}
	if markOf(v.Node) == first {
		v.Node = item.use
	}
	l.errorAt(v, duplicateName, "got a second %s %q, want names to be unique: the first is on line %d, this one on line %d", what, name, first.line, v.Line)
}
