package admission

import (
	"slices"
	"strings"

	"gomodules.xyz/jsonpatch/v2"

	"github.com/holdfast-mesh/holdfast/rules"
)

// Target is the place in a JSON document whose annotations are patched.
type Target struct {
	Pointer        string            // JSON pointer (RFC 6901) of the pod or pod template: "" for a pod itself
	HasMetadata    bool              // metadata is an object there
	HasAnnotations bool              // metadata.annotations is an object there
	Annotations    map[string]string // what it holds
}

var escapePointer = strings.NewReplacer("~", "~0", "/", "~1")

// Operations returns the JSON patch (RFC 6902) that sets and removes
// annotations: one operation per key, in key order, never a whole object unless
// the object is missing altogether.
func Operations(target Target, set []rules.Annotation, remove []string) []jsonpatch.Operation {
	if !target.HasMetadata || !target.HasAnnotations {
		return createAnnotations(target, set)
	}
	operations := make([]jsonpatch.Operation, 0, len(set)+len(remove))
	prefix := target.Pointer + "/metadata/annotations/"
	for _, a := range set {
		verb := "add"
		if _, there := target.Annotations[a.Key]; there {
			verb = "replace"
		}
		operations = append(operations, jsonpatch.NewOperation(verb, prefix+escapePointer.Replace(a.Key), a.Value))
	}
	for _, key := range remove {
		if _, there := target.Annotations[key]; there {
			operations = append(operations, jsonpatch.NewOperation("remove", prefix+escapePointer.Replace(key), nil))
		}
	}
	slices.SortStableFunc(operations, func(a, b jsonpatch.Operation) int { return strings.Compare(a.Path, b.Path) })
	return operations
}

// createAnnotations adds the missing object; there is nothing in it to lose.
func createAnnotations(target Target, set []rules.Annotation) []jsonpatch.Operation {
	if len(set) == 0 {
		return nil
	}
	annotations := make(map[string]any, len(set))
	for _, a := range set {
		annotations[a.Key] = a.Value
	}
	if !target.HasMetadata {
		return []jsonpatch.Operation{jsonpatch.NewOperation("add", target.Pointer+"/metadata", map[string]any{"annotations": annotations})}
	}
	return []jsonpatch.Operation{jsonpatch.NewOperation("add", target.Pointer+"/metadata/annotations", annotations)}
}
