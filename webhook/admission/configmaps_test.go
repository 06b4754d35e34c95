package admission

import (
	"testing"

	"github.com/holdfast-mesh/holdfast/rules"
	"github.com/holdfast-mesh/holdfast/rules/evidence/configmaps"
)

// What a review's pod takes from ConfigMaps of its namespace counts, as variables and as
// files; ConfigMaps of other namespaces, and those that nobody knows, do not.
func TestConfigMaps(t *testing.T) {
	const (
		envFrom   = `{"metadata":{"name":"cart"},"spec":{"containers":[{"name":"cart","envFrom":[{"prefix":"APP_","configMapRef":{"name":"app"}}]}]}}`
		valueFrom = `{"metadata":{"name":"cart"},"spec":{"containers":[{"name":"cart","env":[{"name":"REDIS_ADDR","valueFrom":{"configMapKeyRef":{"name":"app","key":"REDIS_HOST"}}}]}]}}`
		mounted   = `{"metadata":{"name":"cart"},"spec":{"volumes":[{"name":"v","configMap":{"name":"app","items":[{"key":"a.yaml","path":"b.yaml"}]}}],` +
			`"containers":[{"name":"cart","volumeMounts":[{"name":"v","mountPath":"/b.yaml","subPath":"b.yaml"}]}]}}`
		projected = `{"metadata":{"name":"cart"},"spec":{"volumes":[{"name":"v","projected":{"sources":[{"configMap":{"name":"app"}}]}}],"containers":[{"name":"cart","volumeMounts":[{"name":"v"}]}]}}`
		secret    = `{"metadata":{"name":"cart"},"spec":{"containers":[{"name":"cart","envFrom":[{"secretRef":{"name":"app"}}],"env":[{"name":"X","valueFrom":{"secretKeyRef":{"name":"app","key":"REDIS_HOST"}}}]}]}}`
		named     = `{"metadata":{"name":"cart"},"spec":{"containers":[{"name":"cart","env":[{"name":"REDIS_ADDR","valueFrom":{"secretKeyRef":{"name":"app","key":"REDIS_HOST"}}}]}]}}`
	)
	app := configmaps.Reduce(map[string]string{"REDIS_HOST": "cache", "a.yaml": "redis:\n  host: cache\n"})
	here := map[string]configMaps{"shop": {"app": app}}
	for _, test := range []struct {
		rule, pod string
		known     map[string]configMaps
		want      rules.Reason
	}{
		{"envFrom", envFrom, here, rules.Patched},
		{"valueFrom", valueFrom, here, rules.Patched},
		{"a file", mounted, here, rules.Patched},
		{"a projected file", projected, here, rules.Patched},
		{"not known", envFrom, map[string]configMaps{"shop": {}}, rules.NoRuleMatched},
		{"of another namespace", envFrom, map[string]configMaps{"other": {"app": app}}, rules.NoRuleMatched},
		{"nobody reads them", envFrom, nil, rules.NoRuleMatched},
		{"a Secret of that name", secret, here, rules.NoRuleMatched},
		{"a Secret, by the variable's name", named, nil, rules.Patched},
	} {
		h := newPodHandler(t, testRules)
		h.Cluster = fakeCluster{namespaces: map[string]map[string]string{"shop": {"holdfast.dev/enabled": "true"}}, configMaps: test.known}
		if got := responseOf(t, post(h, reviewOf(test.pod))).AuditAnnotations[auditReason]; got != string(test.want) {
			t.Errorf("%s: got %s, want %s", test.rule, got, test.want)
		}
	}
}
