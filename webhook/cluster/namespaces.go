package cluster

import (
	"sync"

	"github.com/holdfast-mesh/holdfast/rules"
)

// namespaceIndex holds the labels of namespaces by name. A sync.Map, because
// it is read for every pod without a lock and written once in a while; the
// label maps are never changed.
type namespaceIndex struct{ labels sync.Map }

// get returns what is known. A namespace made a moment ago may be unknown.
func (n *namespaceIndex) get(name string) rules.Namespace {
	found, known := n.labels.Load(name)
	labels, _ := found.(map[string]string)
	return rules.Namespace{Name: name, Labels: labels, Known: known}
}

func (n *namespaceIndex) set(l *labelled)    { n.labels.Store(l.name, l.labels) }
func (n *namespaceIndex) remove(l *labelled) { n.labels.Delete(l.name) }

func (c *Cluster) setNamespace(l *labelled) {
	c.namespaces.set(l)
	if c.configMaps != nil {
		c.configMaps.index.setNamespace(l)
	}
}

func (c *Cluster) removeNamespace(l *labelled) {
	c.namespaces.remove(l)
	if c.configMaps != nil {
		c.configMaps.index.removeNamespace(l)
	}
}
