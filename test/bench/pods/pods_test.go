package pods

import (
	"encoding/json"
	"testing"
)

// The pods are as large as the report says: people compare by these sizes.
func TestSizes(t *testing.T) {
	for size, want := range []int{Small: 400, Typical: 3_000, Fat: 31_000} {
		for _, evidence := range []Evidence{Plain, InConfigMap, Nowhere} {
			data, err := json.Marshal(Pod(Size(size), evidence, "holdfast-10000"))
			if err != nil {
				t.Fatal(err)
			}
			if len(data) < want*9/10 || len(data) > want*11/10 {
				t.Errorf("%s pod, address %s: got %d bytes, want about %d", Sizes[size], evidence, len(data), want)
			}
		}
	}
}
