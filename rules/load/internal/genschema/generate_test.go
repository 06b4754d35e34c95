package main

import (
	"testing"

	"github.com/holdfast-mesh/holdfast/test/written"
)

// The schema that is shipped is the one that the types give.
func TestSchemaIsFresh(t *testing.T) {
	want, err := generate("../wire")
	if err != nil {
		t.Fatal(err)
	}
	written.Check(t, "../../schema.json", string(want), "make generate", false)
}

// A folder without the types is an error, not an empty schema.
func TestNoTypes(t *testing.T) {
	if _, err := generate(t.TempDir()); err == nil {
		t.Error("got no error, want one")
	}
}
