package evidence

import (
	"testing"

	"github.com/holdfast-mesh/holdfast/rules"
	"github.com/holdfast-mesh/holdfast/rules/evidence/form"
)

// An address says by which form it was found, and what kind of middleware the text
// itself names: a port alone names none.
func TestForms(t *testing.T) {
	tests := []struct {
		rule string
		pod  *rules.Pod
		kind string
		form form.Form
	}{
		{"a scheme", envPod("A", "redis://cache:7777"), "redis", form.URL},
		{"a scheme of many servers", envPod("A", "http://redis:6379"), "", form.URL},
		{"host and port", envPod("A", "redis:6379"), "", form.HostPort},
		{"Go's MySQL form", envPod("A", "u:p@tcp(db)/shop"), "mysql", form.GoDSN},
		{"two variables", envPod("DB_HOST", "db", "DB_PORT", "6379"), "", form.HostPortVariables},
		{"two variables that name the kind", envPod("REDIS_HOST", "db", "REDIS_PORT", "7777"), "redis", form.KindVariable},
		{"one variable that names the kind", envPod("REDIS_HOST", "cache"), "redis", form.KindVariable},
		{"keys and values", envPod("A", "host=db port=5432"), "", form.KeyValues},
		{"flags", &rules.Pod{Containers: []rules.Container{{Args: []string{"--redis-host", "cache"}}}}, "redis", form.Flags},
	}
	for _, test := range tests {
		t.Run(test.rule, func(t *testing.T) {
			found := Scan(test.pod, nil)
			if len(found.Addresses) != 1 || found.Addresses[0].Kind != test.kind || found.Addresses[0].Form != test.form {
				t.Errorf("got %+v, want one address of kind %q, form %s", found.Addresses, test.kind, test.form)
			}
		})
	}
}
