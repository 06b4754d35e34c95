package certificates

import (
	"encoding/json"
	"testing"
)

// What is applied is caBundle alone, at the version that was read: an API server
// refuses it with a conflict when there is another one by now.
// Source: https://kubernetes.io/docs/reference/using-api/server-side-apply/#conflicts
func TestAppliesAtAVersion(t *testing.T) {
	for kind, with := range map[string]*configuration{
		"MutatingWebhookConfiguration":   {with: applyMutating},
		"ValidatingWebhookConfiguration": {with: applyValidating},
	} {
		got, err := json.Marshal(with.with("7", []string{"a"}, []byte("x")))
		want := `{"kind":"` + kind + `","apiVersion":"admissionregistration.k8s.io/v1","metadata":{"name":"holdfast","resourceVersion":"7"},"webhooks":[{"name":"a","clientConfig":{"caBundle":"eA=="}}]}`
		if err != nil || string(got) != want {
			t.Errorf("got %s, %v, want %s", got, err, want)
		}
	}
}
