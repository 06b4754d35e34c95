package main

import (
	"bytes"
	"os"
	"testing"
)

// The schema that is shipped is the one that the types give.
func TestSchemaIsFresh(t *testing.T) {
	want, err := generate("../wire")
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("../../schema.json")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("rules/load/schema.json is stale: run go generate ./rules/load")
	}
}

// A folder without the types is an error, not an empty schema.
func TestNoTypes(t *testing.T) {
	if _, err := generate(t.TempDir()); err == nil {
		t.Error("got no error, want one")
	}
}
