package admission

import (
	"encoding/json"

	"github.com/holdfast-mesh/holdfast/internal/jsonpatch"
	"github.com/holdfast-mesh/holdfast/rules"
)

// podPatch is the JSON patch that makes an outcome real on a pod; nil if
// nothing is to be done.
func podPatch(pod *podObject, outcome *rules.Outcome) ([]byte, error) {
	if len(outcome.Set)+len(outcome.Remove) == 0 {
		return nil, nil
	}
	target := jsonpatch.Target{HasMetadata: pod.Metadata != nil}
	if target.HasMetadata {
		target.Annotations = pod.Metadata.Annotations
		target.HasAnnotations = target.Annotations != nil // missing and null are the same
	}
	operations := jsonpatch.Annotate(target, outcome.Set, outcome.Remove)
	if len(operations) == 0 {
		return nil, nil
	}
	return json.Marshal(operations)
}
