package cluster

import (
	"maps"
	"strings"
	"testing"
	"unsafe"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Objects keep their labels, and the keys of all of them are in memory once.
func TestKeepLabels(t *testing.T) {
	const key = "holdfast.dev/enabled"
	var keys []*byte
	for range 2 {
		m := &metav1.PartialObjectMetadata{ObjectMeta: metav1.ObjectMeta{
			Name: "shop", Labels: map[string]string{strings.Clone(key): "true", "team": "a"},
			Annotations: map[string]string{"long": "text"},
		}}
		if _, err := keepLabels(m); err != nil {
			t.Fatal(err)
		}
		if m.Name != "shop" || m.Annotations != nil || !maps.Equal(m.Labels, map[string]string{key: "true", "team": "a"}) {
			t.Errorf("got %+v, want its name and labels alone", m.ObjectMeta)
		}
		for k := range m.Labels {
			if k == key {
				keys = append(keys, unsafe.StringData(k))
			}
		}
	}
	if keys[0] != keys[1] {
		t.Error("got two texts for the same key, want one")
	}
}
