package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"

	"github.com/aymanbagabas/go-udiff"
	"github.com/spf13/cobra"

	"github.com/holdfast-mesh/holdfast/manifest"
	"github.com/holdfast-mesh/holdfast/rules"
	"github.com/holdfast-mesh/holdfast/rules/annotations"
	"github.com/holdfast-mesh/holdfast/rules/jsonpatch"
)

func newPatch() *cobra.Command {
	var options offline
	var output string
	cmd := &cobra.Command{
		Use:   "patch -f RULES [FILE|-]...",
		Short: "Apply rules to manifests without a cluster",
		Long: `Apply rules to manifests: Pods and every kind with a pod template, Lists and
multi-document files, YAML or JSON. Every byte outside the edited annotations
stays as it was. Without FILE, standard input is read.

Output:
  yaml       the manifest, in the text it came in (JSON stays JSON, which is YAML too)
  json       the patched objects as JSON; several objects become a List
  diff       a unified diff, empty if nothing changes; standard error says why
  jsonpatch  one RFC 6902 array for each document that is not empty, in order, [] where nothing
             changes; paths start at the document's root

Exit status: 0, or with --exit-code 1 if anything changes; 1 errors, 2 wrong usage.`,
		Example: `  holdfast patch -f rules.yaml app.yaml | kubectl apply -f -
  kubectl get deployment cart -o yaml | holdfast patch -f rules.yaml -o diff -
  holdfast patch -f rules.yaml -R manifests -o diff --exit-code   # in CI: is everything patched?`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, names []string) error {
			documents, err := options.decide(cmd, names)
			if err != nil {
				return err
			}
			if err := patch(cmd, options.notes(cmd), documents, output); err != nil {
				return err
			}
			return options.conclude(cmd, documents)
		},
	}
	options.addFlags(cmd.Flags())
	outputFlag(cmd, &output, "yaml", "json", "diff", "jsonpatch")
	return cmd
}

// patch prints all documents or none.
func patch(cmd *cobra.Command, notes io.Writer, documents []document, output string) error {
	write := map[string]func(io.Writer, []document, [][]byte) error{
		"yaml": writeText, "json": writeObjects, "diff": writeDiff, "jsonpatch": writeOperations,
	}[output]
	patched := make([][]byte, len(documents))
	for i := range documents {
		text, err := documents[i].patched()
		if err != nil {
			return err
		}
		patched[i] = text
	}
	printRemarks(notes, documents)
	var out bytes.Buffer
	if err := write(&out, documents, patched); err != nil {
		return err
	}
	_, err := cmd.OutOrStdout().Write(out.Bytes())
	return err
}

// patched returns the text with all outcomes in it. Where other rules had changed
// it before, that is taken back first: the text is what the one that its author
// wrote would become.
func (d *document) patched() ([]byte, error) {
	edits, back := make([]manifest.Edit, len(d.workloads)), make([]manifest.Edit, len(d.workloads))
	anew := false
	for i := range d.workloads {
		w := &d.workloads[i]
		edits[i] = manifest.Edit{Set: w.outcome.Set, Remove: w.outcome.Remove}
		if len(w.outcome.Set)+len(w.outcome.Remove) > 0 && len(w.back.Set)+len(w.back.Remove) > 0 {
			anew, back[i] = true, w.back
		}
	}
	if !anew {
		return d.manifest.Apply(edits)
	}
	text, err := d.manifest.Apply(back)
	if err != nil { // then at least the annotations become the same
		return d.manifest.Apply(edits)
	}
	author, err := manifest.Parse(displayName(d.name), text)
	if err != nil {
		return nil, err
	}
	for i := range d.workloads {
		if len(back[i].Set)+len(back[i].Remove) > 0 {
			edits[i] = whole(resulting(d.workloads[i].Pod.Annotations, &d.workloads[i].outcome))
		}
	}
	return author.Apply(edits)
}

// whole is the edit that leaves these of the managed annotations and no others.
func whole(result map[string]string) (edit manifest.Edit) {
	for _, key := range annotations.Keys() {
		if value, ok := result[key]; ok {
			edit.Set = append(edit.Set, rules.Annotation{Key: key, Value: value})
		} else {
			edit.Remove = append(edit.Remove, key)
		}
	}
	return edit
}

// writeText prints the texts; several are joined as one YAML stream.
func writeText(w io.Writer, _ []document, patched [][]byte) error {
	for i, text := range patched {
		if i > 0 {
			fmt.Fprint(w, separator(text))
		}
		if _, err := w.Write(text); err != nil {
			return err
		}
		if i < len(patched)-1 && len(text) > 0 && text[len(text)-1] != '\n' {
			fmt.Fprintln(w)
		}
	}
	return nil
}

// separator returns what a text needs in front of it in a stream: nothing if it
// opens with its own marker, and the end of the last document if directives
// come first, which are none behind "---".
func separator(text []byte) string {
	for line := range bytes.Lines(text) {
		line = bytes.TrimSpace(line)
		switch {
		case len(line) == 0 || line[0] == '#':
		case line[0] == '%':
			return "...\n"
		case bytes.Equal(line, []byte("---")) || bytes.HasPrefix(line, []byte("--- ")):
			return ""
		default:
			return "---\n"
		}
	}
	return "---\n"
}

func writeDiff(w io.Writer, documents []document, patched [][]byte) error {
	for i, d := range documents {
		name := d.name
		if name == "-" {
			name = "stdin"
		}
		fmt.Fprint(w, udiff.Unified("a/"+name, "b/"+name, string(d.text), string(patched[i])))
	}
	return nil
}

// writeObjects prints the patched objects as JSON: one as itself, several as a
// List, as kubectl does.
func writeObjects(w io.Writer, documents []document, patched [][]byte) error {
	objects := []json.RawMessage{}
	for i, text := range patched {
		parts, err := manifest.Objects(displayName(documents[i].name), text)
		if err != nil {
			return err
		}
		for _, part := range parts {
			if !isNull(part) {
				objects = append(objects, part)
			}
		}
	}
	if len(objects) == 1 {
		return encodeJSON(w, objects[0])
	}
	return encodeJSON(w, map[string]any{"apiVersion": "v1", "kind": "List", "items": objects})
}

// writeOperations prints one JSON patch for each document that is not empty, on
// a line of its own: the third line is for the third object.
func writeOperations(w io.Writer, documents []document, _ [][]byte) error {
	encoder := json.NewEncoder(w)
	for _, d := range documents {
		objects, err := manifest.Objects(displayName(d.name), d.text)
		if err != nil {
			return err
		}
		patches := make([][]jsonpatch.Operation, len(objects))
		for i := range d.workloads {
			of := &patches[d.workloads[i].Document]
			*of = append(*of, operationsOf(&d.workloads[i])...)
		}
		for i, object := range objects {
			if isNull(object) {
				continue
			}
			if err := encoder.Encode(list(patches[i])); err != nil {
				return err
			}
		}
	}
	return nil
}

// isNull reports whether a document holds nothing.
func isNull(object json.RawMessage) bool { return string(object) == "null" }

func operationsOf(w *workload) []jsonpatch.Operation {
	return jsonpatch.Annotate(jsonpatch.Target{
		Pointer:        w.Pointer,
		HasMetadata:    w.HasMetadata,
		HasAnnotations: w.HasAnnotations,
		Annotations:    w.Pod.Annotations,
	}, w.outcome.Set, w.outcome.Remove)
}
