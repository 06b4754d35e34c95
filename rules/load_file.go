package rules

import (
	yaml "go.yaml.in/yaml/v4"

	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/holdfast-mesh/holdfast/internal/distinct"
	"github.com/holdfast-mesh/holdfast/istio"
)

// file reads the whole tree.
func (l *loader) file(root *yaml.Node) *File {
	var o object
	if !l.object(root, nil, fileKeys, &o) {
		return nil
	}
	l.header(&o)
	f := &File{Mode: Enforce, Mesh: Mesh{RootNamespace: istio.DefaultRootNamespace}}
	if n := o.get("mode"); n != nil {
		f.Mode = Mode(l.choice(n, &path{key: "mode"}, string(Enforce), string(Observe)))
	}
	if n := o.get("mesh"); n != nil {
		l.mesh(n, &path{key: "mesh"}, &f.Mesh)
	}
	if n := o.get("rules"); n != nil {
		l.rules(n, &path{key: "rules"}, f)
	}
	if n := o.get("gateways"); n != nil {
		l.gateways(n, &path{key: "gateways"}, f)
	}
	if len(f.Rules) == 0 && len(f.Gateways) == 0 && !l.problems.HasErrors() {
		l.warnAt(root, NoRules, nil, "got neither rules nor gateways, want some: no pod will be changed")
	}
	l.lint(f)
	return f
}

// header checks that this is a rules file of a known version.
func (l *loader) header(o *object) {
	if n := o.get("apiVersion"); n != nil {
		n = l.resolve(n)
		at := &path{key: "apiVersion"}
		if s, ok := l.text(n, at, "text: "+APIVersion); ok && s != APIVersion {
			l.errorAt(n, BadAPIVersion, at, "got %s, want %s", show(s), APIVersion)
		}
	}
	if n := o.get("kind"); n != nil {
		n = l.resolve(n)
		at := &path{key: "kind"}
		if s, ok := l.text(n, at, "text: "+Kind); ok && s != Kind {
			l.errorAt(n, BadKind, at, "got %s, want %s", show(s), Kind)
		}
	}
}

// mesh reads what Istio was installed with.
func (l *loader) mesh(n *yaml.Node, at *path, mesh *Mesh) {
	var o object
	if !l.object(n, at, meshKeys, &o) {
		return
	}
	if n := o.get("rootNamespace"); n != nil {
		mesh.RootNamespace = l.label(n, &path{up: at, key: "rootNamespace"}, "a namespace")
	}
	if n := o.get("excludeOutboundPorts"); n != nil {
		at := &path{up: at, key: "excludeOutboundPorts"}
		for i, item := range l.list(n, at, "a list of ports") {
			if l.full {
				break
			}
			if p, ok := l.singlePort(item, &path{up: at, index: i}, 0); ok {
				mesh.ExcludeOutboundPorts = append(mesh.ExcludeOutboundPorts, p)
			}
		}
	}
	if n := o.get("excludeOutboundIPRanges"); n != nil {
		at := &path{up: at, key: "excludeOutboundIPRanges"}
		for i, item := range l.list(n, at, "a list of CIDRs") {
			if l.full {
				break
			}
			if p, ok := l.cidr(item, &path{up: at, index: i}); ok {
				mesh.ExcludeOutboundIPRanges = append(mesh.ExcludeOutboundIPRanges, p)
			}
		}
	}
}

// gateways reads the list of gateways.
func (l *loader) gateways(n *yaml.Node, at *path, f *File) {
	names := map[string]mark{}
	for i, item := range l.list(n, at, "a list of gateways") {
		if l.full {
			break
		}
		g := Gateway{Line: item.Line, Column: item.Column}
		l.gateway(item, &path{up: at, index: i}, &g, names)
		f.Gateways = append(f.Gateways, g)
	}
}

func (l *loader) gateway(item *yaml.Node, at *path, g *Gateway, names map[string]mark) {
	var o object
	if !l.object(item, at, gatewayKeys, &o) {
		return
	}
	if n := o.get("name"); n != nil {
		at := &path{up: at, key: "name"}
		g.Name = l.label(n, at, "a name")
		l.unique(n, item, at, "gateway", g.Name, names)
	}
	if n := o.get("namespace"); n != nil {
		g.Namespace = l.label(n, &path{up: at, key: "namespace"}, "a namespace")
	}
	if n := o.get("selector"); n != nil {
		at := &path{up: at, key: "selector"}
		var empty bool
		if g.Selector, empty = l.labelMap(n, at); empty {
			l.errorAt(l.resolve(n), EmptyList, at, "got no labels, want at least one: an empty selector would reach every proxy of the namespace")
		}
	}
	if n := o.get("ports"); n != nil {
		at := &path{up: at, key: "ports"}
		items := l.list(n, at, "a list of ports")
		if len(items) == 0 && l.resolve(n).Kind == yaml.SequenceNode {
			l.errorAt(l.resolve(n), EmptyList, at, "got no ports, want at least one: the ports that the gateway's pods listen on")
		}
		for i, item := range items {
			if l.full {
				break
			}
			if p, ok := l.singlePort(item, &path{up: at, index: i}, 1); ok {
				g.Ports = append(g.Ports, p)
			}
		}
		g.Ports = distinct.Of(g.Ports)
	}
	if n := o.get("keepalive"); n != nil {
		g.Keepalive = l.keepalive(n, &path{up: at, key: "keepalive"})
	}
}

// label reads a DNS-1123 label.
func (l *loader) label(n *yaml.Node, at *path, what string) string {
	n = l.resolve(n)
	s, ok := l.text(n, at, "text: "+what)
	if !ok {
		return ""
	}
	if isDNSLabel(s) {
		return l.intern(s)
	}
	hint := ""
	if fixed := labelHint(s); fixed != "" {
		hint = ": write " + fixed
	}
	l.errorAt(n, BadName, at, "got %s, want %s of at most %d lower case letters, digits and \"-\", a letter or digit at both ends%s",
		show(s), what, validation.DNS1123LabelMaxLength, hint)
	return ""
}

// unique reports a name that stands before. Where an alias or a merge brings the
// very same one, the item is the place to mend.
func (l *loader) unique(n, item *yaml.Node, at *path, what, name string, names map[string]mark) {
	if name == "" {
		return
	}
	n = l.resolve(n)
	here := mark{n.Line, n.Column}
	first, ok := names[name]
	if !ok {
		names[name] = here
		return
	}
	if here == first {
		n = item
	}
	l.errorAt(n, DuplicateName, at, "got a second %s %q, want names to be unique: the first is on line %d, this one on line %d", what, name, first.line, n.Line)
}
