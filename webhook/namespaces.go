package webhook

import (
	"sync"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/holdfast-mesh/holdfast/rules"
)

// namespaceIndex holds the labels of namespaces by name. A sync.Map, because
// it is read for every pod without a lock and written once in a while; the
// label maps are never changed.
type namespaceIndex struct{ labels sync.Map }

// get returns what is known. A namespace made a moment ago may be unknown.
func (n *namespaceIndex) get(name string) rules.Namespace {
	if found, ok := n.labels.Load(name); ok {
		if labels, ok := found.(map[string]string); ok {
			return rules.Namespace{Name: name, Labels: labels, Known: true}
		}
	}
	return rules.Namespace{Name: name}
}

func (n *namespaceIndex) handler() toolscache.ResourceEventHandler {
	set := func(object any) {
		if m, ok := object.(*metav1.PartialObjectMetadata); ok {
			n.labels.Store(m.Name, m.Labels)
		}
	}
	return toolscache.ResourceEventHandlerFuncs{
		AddFunc:    set,
		UpdateFunc: func(_, object any) { set(object) },
		DeleteFunc: func(object any) {
			if m, ok := deleted(object).(*metav1.PartialObjectMetadata); ok {
				n.labels.Delete(m.Name)
			}
		},
	}
}

// deleted unpacks what an informer says of a deletion that it did not see.
func deleted(object any) any {
	if unknown, ok := object.(toolscache.DeletedFinalStateUnknown); ok {
		return unknown.Obj
	}
	return object
}

func namespaceObject() *metav1.PartialObjectMetadata {
	object := &metav1.PartialObjectMetadata{}
	object.SetGroupVersionKind(namespaceKind)
	return object
}

func namespaceCache() map[client.Object]cache.ByObject {
	return map[client.Object]cache.ByObject{namespaceObject(): {Transform: keepLabels}}
}

// keepLabels drops everything of an object's metadata that no decision needs:
// annotations and managed fields are most of it.
func keepLabels(object any) (any, error) {
	if m, ok := object.(*metav1.PartialObjectMetadata); ok {
		m.ObjectMeta = metav1.ObjectMeta{
			Name: m.Name, Namespace: m.Namespace, Labels: m.Labels, ResourceVersion: m.ResourceVersion, UID: m.UID,
		}
	}
	return object, nil
}
