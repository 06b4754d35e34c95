package cluster

import (
	"unique"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// labelled is what is kept of objects of which there may be thousands: annotations and managed
// fields are most of one, and client-go's type for metadata alone takes 300 bytes.
type labelled struct {
	namespace, name, version string
	labels                   map[string]string // never changed
}

// GetObjectMeta implements metav1.ObjectMetaAccessor: by that, caches know objects.
func (l *labelled) GetObjectMeta() metav1.Object {
	return &metav1.ObjectMeta{Namespace: l.namespace, Name: l.name, ResourceVersion: l.version, Labels: l.labels}
}

// keepLabels makes a cache keep objects as labelled.
func keepLabels(object any) (any, error) {
	m, ok := object.(*metav1.PartialObjectMetadata)
	if !ok {
		return object, nil
	}
	return &labelled{m.Namespace, m.Name, m.ResourceVersion, withSharedKeys(m.Labels)}, nil
}

// withSharedKeys is a map whose keys are in memory once, however many maps have them.
func withSharedKeys(labels map[string]string) map[string]string {
	shared := make(map[string]string, len(labels))
	for key, value := range labels {
		shared[unique.Make(key).Value()] = value
	}
	return shared
}
