package cluster

import (
	"sync"

	"github.com/holdfast-mesh/holdfast/rules"
)

// configMapIndex holds what is kept of ConfigMaps, by namespace: of those namespaces
// whose pods are considered, and of no others. Reading takes no lock.
type configMapIndex struct {
	clusterWide bool
	namespaces  sync.Map // by name: *namespaceConfigMaps

	mu sync.Mutex // of writers
	// late reads a namespace that is considered only since the watch began, which did
	// not keep what went by before; nil until then.
	late func(name string, n *namespaceConfigMaps)
}

// namespaceConfigMaps are those of one namespace. It is a rules.ConfigMaps.
type namespaceConfigMaps struct {
	known sync.Map // by name: *rules.ConfigMap
	// told are the names that the watch told of while a late namespace is being read:
	// what it says is newer. nil in all others.
	told map[string]bool
}

// ConfigMap implements rules.ConfigMaps.
func (n *namespaceConfigMaps) ConfigMap(name string) *rules.ConfigMap {
	found, _ := n.known.Load(name)
	c, _ := found.(*rules.ConfigMap)
	return c
}

// noneKnown is for namespaces of which nothing is known.
var noneKnown = &namespaceConfigMaps{}

// of returns the ConfigMaps of a namespace.
func (i *configMapIndex) of(namespace string) rules.ConfigMaps {
	if n := i.get(namespace); n != nil {
		return n
	}
	return noneKnown
}

func (i *configMapIndex) get(namespace string) *namespaceConfigMaps {
	found, _ := i.namespaces.Load(namespace)
	n, _ := found.(*namespaceConfigMaps)
	return n
}

// considers reports whether pods of a namespace with these labels are considered.
func (i *configMapIndex) considers(labels map[string]string) bool {
	switch labels[rules.EnabledKey] {
	case "true":
		return true
	case "false":
		return false
	}
	return i.clusterWide
}

// setNamespace follows the labels of a namespace.
func (i *configMapIndex) setNamespace(l *labelled) {
	if !i.considers(l.labels) {
		i.removeNamespace(l)
		return
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.get(l.name) != nil {
		return
	}
	n := &namespaceConfigMaps{}
	if i.late != nil {
		n.told = map[string]bool{}
		defer i.late(l.name, n)
	}
	i.namespaces.Store(l.name, n)
}

// removeNamespace gives back the memory of a namespace.
func (i *configMapIndex) removeNamespace(l *labelled) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.namespaces.Delete(l.name)
}

// begin makes namespaces that come from now on late ones.
func (i *configMapIndex) begin(late func(string, *namespaceConfigMaps)) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.late = late
}

// fill takes what was read of a late namespace.
func (i *configMapIndex) fill(n *namespaceConfigMaps, list []*reduced) {
	i.mu.Lock()
	defer i.mu.Unlock()
	for _, r := range list {
		if !n.told[r.Name] {
			n.known.Store(r.Name, r.kept)
		}
	}
	n.told = nil
}

// set takes one ConfigMap from the watch.
func (i *configMapIndex) set(r *reduced) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if n := i.get(r.Namespace); n != nil && r.kept != nil {
		n.known.Store(r.Name, r.kept)
		n.tell(r.Name)
	}
}

// remove forgets one that was deleted.
func (i *configMapIndex) remove(namespace, name string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if n := i.get(namespace); n != nil {
		n.known.Delete(name)
		n.tell(name)
	}
}

func (n *namespaceConfigMaps) tell(name string) {
	if n.told != nil {
		n.told[name] = true
	}
}

// replace takes all ConfigMaps that there are. One whose content is missing was left out
// because its namespace was not considered yet; whoever reads that namespace adds it.
func (i *configMapIndex) replace(list []*reduced) {
	i.mu.Lock()
	defer i.mu.Unlock()
	there := map[string]map[string]bool{}
	for _, r := range list {
		n := i.get(r.Namespace)
		if n == nil {
			continue
		}
		if there[r.Namespace] == nil {
			there[r.Namespace] = map[string]bool{}
		}
		there[r.Namespace][r.Name] = true
		if r.kept != nil {
			n.known.Store(r.Name, r.kept)
		}
	}
	i.namespaces.Range(func(namespace, found any) bool {
		n := found.(*namespaceConfigMaps)
		n.known.Range(func(name, _ any) bool {
			if !there[namespace.(string)][name.(string)] {
				n.known.Delete(name)
			}
			return true
		})
		return true
	})
}
