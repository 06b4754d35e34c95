package manifest

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/holdfast-mesh/holdfast/rules"
	"github.com/holdfast-mesh/holdfast/test/written"
)

// goldenEdit is made in every template of testdata/in: a new value for a key
// that some have, one with several lines, one in JSON, one that looks like a number.
var goldenEdit = Edit{
	Set: []rules.Annotation{
		{Key: "old", Value: "new"},
		{Key: "holdfast.dev/applied", Value: `{"rules":["redis"],"hash":"1a2b"}`},
		{Key: "proxy.istio.io/config", Value: "# concurrency first\nconcurrency: 2\n\nproxyMetadata:\n  A: \"1\"\n"},
		{Key: "traffic.sidecar.istio.io/excludeOutboundPorts", Value: "6379"},
	},
	Remove: []string{"b", "z"},
}

// TestGolden holds the text that edits make, byte for byte. Files that end in
// .error hold the message of an edit that is refused.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/in/*")
	if err != nil || len(files) == 0 {
		t.Fatalf("got %d files in testdata/in (%v), want some", len(files), err)
	}
	wanted := map[string]bool{}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got, path := data, "testdata/want/"+filepath.Base(file)
			f, err := Parse(filepath.Base(file), data)
			if err == nil {
				got, err = f.Apply(everywhere(f, goldenEdit))
			}
			if err != nil {
				got, path = []byte(err.Error()+"\n"), path+".error"
			}
			wanted[filepath.Base(path)] = true
			written.Check(t, path, string(got), "go test ./manifest -update", *update)
		})
	}
	stale, _ := filepath.Glob("testdata/want/*")
	for _, path := range stale {
		if !wanted[filepath.Base(path)] {
			t.Errorf("%s is stale: no file of testdata/in makes it", path)
		}
	}
}

var update = flag.Bool("update", false, "write testdata/want")

func everywhere(f *File, edit Edit) []Edit {
	edits := make([]Edit, len(f.Templates()))
	for i := range edits {
		edits[i] = edit
	}
	return edits
}
