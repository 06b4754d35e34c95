package verify_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/holdfast-mesh/holdfast/manifest"
	"github.com/holdfast-mesh/holdfast/rules"
	"github.com/holdfast-mesh/holdfast/test/dumps"
	"github.com/holdfast-mesh/holdfast/verify"
	"github.com/holdfast-mesh/holdfast/verify/dump"
)

// stored reads a folder of testdata. Each edit changes the dump's JSON first.
func stored(t *testing.T, folder string, edits ...func(*configDump)) verify.Input {
	t.Helper()
	text := unzip(t, filepath.Join("testdata", folder, "config_dump.json.gz"))
	if edits != nil {
		text = edited(t, text, edits)
	}
	d, err := dump.Read(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.ReadFile(filepath.Join("testdata", folder, "server_info.json"))
	if err != nil {
		t.Fatal(err)
	}
	server, err := dump.ReadServerInfo(info)
	if err != nil {
		t.Fatal(err)
	}
	return verify.Input{Dump: d, Server: server, Pod: storedPod(t, folder)}
}

func storedPod(t *testing.T, folder string) *rules.Pod {
	t.Helper()
	path := filepath.Join("testdata", folder, "pod.yaml")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	file, err := manifest.Parse(path, text)
	if err != nil {
		t.Fatal(err)
	}
	pod := file.Templates()[0].Pod
	pod.Namespace.Name = file.Templates()[0].Namespace
	return &pod
}

func unzip(t *testing.T, path string) []byte {
	t.Helper()
	text, err := dumps.Unzip(path)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// object is a JSON object.
type object = map[string]any

// configDump is a dump as JSON, to plant faults into.
type configDump struct {
	t        *testing.T
	sections []any
}

func edited(t *testing.T, text []byte, edits []func(*configDump)) []byte {
	t.Helper()
	var root object
	if err := json.Unmarshal(text, &root); err != nil {
		t.Fatal(err)
	}
	d := &configDump{t: t, sections: root["configs"].([]any)}
	for _, edit := range edits {
		edit(d)
	}
	root["configs"] = d.sections
	text, err := json.Marshal(root)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// list is a list of a section.
func (d *configDump) list(name string) []any {
	for _, s := range d.sections {
		if list, ok := s.(object)[name].([]any); ok {
			return list
		}
	}
	d.t.Fatalf("no section has %s", name)
	return nil
}

// metadata is the node's.
func (d *configDump) metadata() object {
	for _, s := range d.sections {
		if b, ok := s.(object)["bootstrap"].(object); ok {
			return b["node"].(object)["metadata"].(object)
		}
	}
	d.t.Fatal("no bootstrap")
	return nil
}

// cluster is a dynamic cluster.
func (d *configDump) cluster(name string) object {
	for _, c := range d.list("dynamic_active_clusters") {
		if cluster := c.(object)["cluster"].(object); cluster["name"] == name {
			return cluster
		}
	}
	d.t.Fatalf("no cluster %s", name)
	return nil
}

// listener is a dynamic listener.
func (d *configDump) listener(name string) object {
	for _, l := range d.list("dynamic_listeners") {
		if l.(object)["name"] == name {
			return l.(object)["active_state"].(object)["listener"].(object)
		}
	}
	d.t.Fatalf("no listener %s", name)
	return nil
}

// filters are those of a listener's first chain.
func (d *configDump) filters(listener string) []any {
	return d.listener(listener)["filter_chains"].([]any)[0].(object)["filters"].([]any)
}

// without removes the section that has a list or an object of that name.
func without(name string) func(*configDump) {
	return func(d *configDump) {
		for i, s := range d.sections {
			if _, ok := s.(object)[name]; ok {
				d.sections = append(d.sections[:i], d.sections[i+1:]...)
				return
			}
		}
		d.t.Fatalf("no section has %s", name)
	}
}
