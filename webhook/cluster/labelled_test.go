package cluster

import (
	"strings"
	"testing"
	"unsafe"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Objects keep their labels and what caches know them by, and the keys of all of them are in
// memory once.
func TestKeepLabels(t *testing.T) {
	const key = "holdfast.dev/enabled"
	want := metav1.ObjectMeta{Namespace: "istio-system", Name: "shop", ResourceVersion: "7", Labels: map[string]string{key: "true", "team": "a"}}
	var keys []*byte
	for range 2 {
		m := &metav1.PartialObjectMetadata{ObjectMeta: *want.DeepCopy()}
		m.Labels = map[string]string{strings.Clone(key): "true", "team": "a"}
		m.Annotations, m.UID = map[string]string{"long": "text"}, "1-2-3"
		kept, err := keepLabels(m)
		if err != nil {
			t.Fatal(err)
		}
		known, err := meta.Accessor(kept)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(&want, known); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
		for k := range known.GetLabels() {
			if k == key {
				keys = append(keys, unsafe.StringData(k))
			}
		}
	}
	if keys[0] != keys[1] {
		t.Error("got two texts for the same key, want one")
	}
}
