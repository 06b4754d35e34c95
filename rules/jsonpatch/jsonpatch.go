// Package jsonpatch makes JSON patches (RFC 6902) that change annotations and
// nothing else: one operation per key, in the order of keys. The webhook's
// answer and the output of 'holdfast patch -o jsonpatch' are made of them.
//
// An API server applies the patches of several webhooks one after the other, so
// a patch must not contain what it does not change: an object written as a whole
// would undo what another webhook put into it.
package jsonpatch

import (
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/holdfast-mesh/holdfast/rules"
)

// Operation is one operation of a patch.
type Operation struct {
	Op    string
	Path  string // a JSON pointer
	Value any    // nil for "remove"
}

// MarshalJSON writes the operation as RFC 6902 has it.
func (o Operation) MarshalJSON() ([]byte, error) { return o.append(nil) }

// Append appends a patch. It is written without reflection, since every patched pod
// waits for one. Only a text that is no UTF-8 is an error.
func Append(dst []byte, operations []Operation) (_ []byte, err error) {
	dst = append(dst, '[')
	for i, o := range operations {
		if i > 0 {
			dst = append(dst, ',')
		}
		if dst, err = o.append(dst); err != nil {
			return nil, err
		}
	}
	return append(dst, ']'), nil
}

func (o Operation) append(dst []byte) (_ []byte, err error) {
	dst = append(append(append(dst, `{"op":"`...), o.Op...), `","path":`...)
	if dst, err = jsontext.AppendQuote(dst, o.Path); err != nil {
		return nil, err
	}
	switch value := o.Value.(type) {
	case nil:
	case string:
		if dst, err = jsontext.AppendQuote(append(dst, `,"value":`...), value); err != nil {
			return nil, err
		}
	default: // an object that was missing
		text, err := json.Marshal(value, json.Deterministic(true))
		if err != nil {
			return nil, err
		}
		dst = append(append(dst, `,"value":`...), text...)
	}
	return append(dst, '}'), nil
}

// Target is a pod or pod template in a JSON document.
type Target struct {
	Pointer        string            // JSON pointer of it: "" for a pod itself
	HasMetadata    bool              // metadata is an object there
	HasAnnotations bool              // metadata.annotations is an object there
	Annotations    map[string]string // what it holds
}

// https://www.rfc-editor.org/rfc/rfc6901#section-3
var escapes = strings.NewReplacer("~", "~0", "/", "~1")

// Escape writes a name as one step of a JSON pointer (RFC 6901).
func Escape(name string) string { return escapes.Replace(name) }

// Annotate returns the patch that sets and removes annotations. An object that
// is missing is added with all that belongs into it; to remove what is not there
// takes no operation.
func Annotate(target Target, set []rules.Annotation, remove []string) []Operation {
	if !target.HasMetadata || !target.HasAnnotations {
		return addAnnotations(target, set)
	}
	operations := make([]Operation, 0, len(set)+len(remove))
	prefix := target.Pointer + "/metadata/annotations/"
	for _, a := range set {
		op := "add"
		if _, there := target.Annotations[a.Key]; there {
			op = "replace"
		}
		operations = append(operations, Operation{op, prefix + Escape(a.Key), a.Value})
	}
	for _, key := range remove {
		if _, there := target.Annotations[key]; there {
			operations = append(operations, Operation{Op: "remove", Path: prefix + Escape(key)})
		}
	}
	slices.SortStableFunc(operations, func(a, b Operation) int { return strings.Compare(a.Path, b.Path) })
	return operations
}

// addAnnotations adds the missing object; there is nothing in it to lose.
func addAnnotations(target Target, set []rules.Annotation) []Operation {
	if len(set) == 0 {
		return nil
	}
	annotations := make(map[string]string, len(set))
	for _, a := range set {
		annotations[a.Key] = a.Value
	}
	if !target.HasMetadata {
		return []Operation{{"add", target.Pointer + "/metadata", map[string]any{"annotations": annotations}}}
	}
	return []Operation{{"add", target.Pointer + "/metadata/annotations", annotations}}
}
