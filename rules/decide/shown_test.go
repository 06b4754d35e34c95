package decide

import (
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/holdfast-mesh/holdfast/rules"
	"github.com/holdfast-mesh/holdfast/rules/evidence"
)

const referencingRedis = `rules:
- name: redis
  destinations: {middleware: [redis]}
  workloads: {referencing: true}
  strategy: {idleTimeout: 48h}
- name: elsewhere
  destinations: {middleware: [mysql]}
  workloads: {namespaces: [other], referencing: true}
  strategy: {idleTimeout: 24h}
`

// What is evidence for a rule that matches is not shown again; what is none is, whether
// any rule asks for it or not.
func TestShows(t *testing.T) {
	pod := shopPod()
	pod.Containers = envPod("REDIS_URL", "redis://cache", "MYSQL_HOST", "db", "API", "http://api:8080 http://api:8080", "API_AGAIN", "http://api:8080").Containers
	got := compileRules(t, referencingRedis).Shows(pod)
	want := Shown{
		Others: []rules.Evidence{
			{Where: "container app, env MYSQL_HOST", Address: "db:3306", Kind: "mysql", Form: "kind-variable"},
			{Where: "container app, env API", Address: "api:8080", Form: "url"},
			{Where: "container app, env API_AGAIN", Address: "api:8080", Form: "url"},
		},
		Unread: []evidence.Unread{},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	// Nobody looks at what a pod shows where no rule asks.
	if got := compileRules(t, "rules:\n- {name: all, destinations: {ports: [1]}, strategy: {idleTimeout: 48h}}\n").Shows(pod); len(got.Others) > 0 {
		t.Errorf("got %+v, want nothing", got)
	}
}

// Sixteen addresses are listed, of evidence and of others; the rest is counted.
func TestShowsSome(t *testing.T) {
	set := compileRules(t, referencingRedis)
	for _, test := range []struct {
		rule, text       string
		evidence, others int
		more             int
		detail           string
	}{
		{"evidence", manyAddresses("h%d:6379", maxEvidence+4), maxEvidence, 0, 0, "the pod uses a destination: "},
		{"asked for by a rule that does not match", manyAddresses("h%d:3306", maxEvidence+4), 0, maxEvidence, 4, "none of the 20 addresses "},
		{"asked for by nobody", manyAddresses("h%d:443", 600), 0, maxEvidence, 600 - maxEvidence, "none of the 600 addresses "},
		{"both", manyAddresses("h%d:3306", 10) + manyAddresses("h%d:443", 10), 0, maxEvidence, 4, "none of the 20 addresses "},
	} {
		t.Run(test.rule, func(t *testing.T) {
			pod := shopPod()
			pod.Containers = envPod("VALUE", test.text).Containers
			_, verdicts := set.Explain(pod, Options{})
			shown := set.Shows(pod)
			if len(verdicts[0].Evidence) != test.evidence || len(shown.Others) != test.others || shown.More != test.more {
				t.Errorf("got %d pieces of evidence, %d others and %d more; want %d, %d and %d",
					len(verdicts[0].Evidence), len(shown.Others), shown.More, test.evidence, test.others, test.more)
			}
			if !strings.HasPrefix(verdicts[0].Detail, test.detail) {
				t.Errorf("got %q, want it to begin with %q", verdicts[0].Detail, test.detail)
			}
		})
	}
}

// Of very many sources that were not read, the rest is counted.
func TestShowsSomeUnread(t *testing.T) {
	pod := shopPod()
	pod.Containers = []rules.Container{{Name: "app"}}
	for i := range 40 {
		from := rules.EnvFrom{SecretRef: rules.ObjectRef{Name: "s" + strconv.Itoa(i)}}
		pod.Containers[0].EnvFrom = append(pod.Containers[0].EnvFrom, from)
	}
	set := compileRules(t, referencingRedis)
	shown := set.Shows(pod)
	if listed := len(shown.Unread); listed == 0 || listed == 40 || listed+shown.Unlisted != 40 {
		t.Errorf("got %d and %d more, want some and the rest of 40", listed, shown.Unlisted)
	}
	if _, verdicts := set.Explain(pod, Options{}); !strings.Contains(verdicts[0].Detail, "and 40 sources were not read") {
		t.Errorf("got %q, want it to speak of 40 sources", verdicts[0].Detail)
	}
}

// What was not read is listed, and a verdict that it may have changed says so, with the
// way out. A password that comes from a Secret is nothing that anybody would read.
func TestShowsUnread(t *testing.T) {
	secret := func(name, object string) rules.EnvVar {
		return rules.EnvVar{Name: name, ValueFrom: &rules.ValueFrom{SecretKeyRef: rules.KeyRef{Name: object, Key: "k"}}}
	}
	set := compileRules(t, referencingRedis)
	for _, test := range []struct {
		rule   string
		env    []rules.EnvVar
		unread []string
		detail string
	}{
		{"nothing", nil, nil, "the pod shows no address; if it uses a destination, say so in the annotation holdfast.dev/middleware"},
		{
			"a password",
			[]rules.EnvVar{{Name: "API", Value: "http://api"}, secret("DB_PASSWORD", "db")},
			nil,
			"the one address that the pod shows is no destination of the rule",
		},
		{
			"a text",
			[]rules.EnvVar{secret("SETTINGS", "app")},
			[]string{"container app, env SETTINGS: valueFrom Secret shop/app"},
			"the pod shows no address, and one source was not read; if it uses a destination, say so in the annotation holdfast.dev/middleware",
		},
		{
			"texts",
			[]rules.EnvVar{{Name: "API", Value: "http://api"}, secret("A", "a"), secret("B", "b")},
			[]string{"container app, env A: valueFrom Secret shop/a", "container app, env B: valueFrom Secret shop/b"},
			"the one address that the pod shows is no destination of the rule, and 2 sources were not read; if it uses a destination, say so in the annotation holdfast.dev/middleware",
		},
	} {
		t.Run(test.rule, func(t *testing.T) {
			pod := shopPod()
			pod.Containers = []rules.Container{{Name: "app", Env: test.env}}
			_, verdicts := set.Explain(pod, Options{})
			if verdicts[0].Detail != test.detail {
				t.Errorf("got %q, want %q", verdicts[0].Detail, test.detail)
			}
			var unread []string
			for _, u := range set.Shows(pod).Unread {
				unread = append(unread, u.String())
			}
			if diff := cmp.Diff(test.unread, unread); diff != "" {
				t.Error(diff)
			}
		})
	}
}
