package manifest

import (
	"strings"
	"testing"

	"github.com/holdfast-mesh/holdfast/rules"
)

// YAML takes {{ ... }} for a mapping; keys written into it would break the
// template.
func TestTemplatesAreRefused(t *testing.T) {
	f := parse(t, `apiVersion: v1
kind: Pod
metadata:
  name: a
  annotations:
    {{ toYaml .Values.annotations }}
spec:
  containers: []
`)
	text, err := f.Apply([]Edit{{Set: []rules.Annotation{{Key: "a", Value: "b"}}}})
	const want = "test.yaml:6:5: got annotations that look like a template; render it first"
	if err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("got %v and %q, want %s ...", err, text, want)
	}
}
