package cluster

import (
	"sync"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

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

func (n *namespaceIndex) set(m *metav1.PartialObjectMetadata)    { n.labels.Store(m.Name, m.Labels) }
func (n *namespaceIndex) remove(m *metav1.PartialObjectMetadata) { n.labels.Delete(m.Name) }

func (c *Cluster) setNamespace(m *metav1.PartialObjectMetadata) {
	c.namespaces.set(m)
	if c.configMaps != nil {
		c.configMaps.index.setNamespace(m)
	}
}

func (c *Cluster) removeNamespace(m *metav1.PartialObjectMetadata) {
	c.namespaces.remove(m)
	if c.configMaps != nil {
		c.configMaps.index.removeNamespace(m)
	}
}
