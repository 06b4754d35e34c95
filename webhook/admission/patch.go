package admission

import (
	"github.com/holdfast-mesh/holdfast/rules"
	"github.com/holdfast-mesh/holdfast/rules/jsonpatch"
)

// podPatch is the JSON patch that makes an outcome real on a pod; nil if
// nothing is to be done.
func podPatch(pod *podObject, outcome *rules.Outcome) ([]byte, error) {
	if len(outcome.Set)+len(outcome.Remove) == 0 {
		return nil, nil
	}
	annotations := pod.meta().Annotations
	operations := jsonpatch.Annotate(jsonpatch.Target{
		HasMetadata:    pod.Metadata != nil,
		HasAnnotations: annotations != nil, // missing and null are the same
		Annotations:    annotations,
	}, outcome.Set, outcome.Remove)
	if len(operations) == 0 {
		return nil, nil
	}
	return jsonpatch.Append(make([]byte, 0, usualAnswerBytes), operations)
}
