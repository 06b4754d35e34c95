package manifest

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Which mappings are pods that will run, and which only look like it.
func TestFind(t *testing.T) {
	const pod = "{spec: {containers: []}}"
	for _, test := range []struct {
		rule, text string
		want       []string
	}{
		{
			"items of a typed list may leave out their kind, as in answers of the API server",
			"{apiVersion: apps/v1, kind: DeploymentList, items: [{metadata: {name: a}, spec: {template: " + pod + "}}, {metadata: {name: b}}]}",
			[]string{"apps/v1 Deployment a /items/0/spec/template"},
		},
		{
			"the same in JSON, for pods",
			`{"apiVersion":"v1","kind":"PodList","items":[{"metadata":{"name":"a"},"spec":{"containers":[]}}]}`,
			[]string{"v1 Pod a /items/0"},
		},
		{"items of a plain List have kinds of their own", "{apiVersion: v1, kind: List, items: [" + pod + "]}", nil},
		{
			"operators have pod templates under names of their own",
			"{apiVersion: elasticsearch.k8s.elastic.co/v1, kind: Elasticsearch, metadata: {name: es}, spec: {nodeSets: [{podTemplate: " + pod + "}]}}",
			[]string{"elasticsearch.k8s.elastic.co/v1 Elasticsearch es /spec/nodeSets/0/podTemplate"},
		},
		{
			"a policy quotes templates to compare others with",
			"{apiVersion: kyverno.io/v1, kind: ClusterPolicy, spec: {rules: [{validate: {pattern: {spec: {template: " + pod + "}}}}]}}", nil,
		},
		{"and so do its relatives", "{apiVersion: chainsaw.kyverno.io/v1alpha1, kind: Test, spec: {template: " + pod + "}}", nil},
		{"a revision is history", "{apiVersion: apps/v1, kind: ControllerRevision, data: {spec: {template: " + pod + "}}}", nil},
		{"a review is a message", "{apiVersion: admission.k8s.io/v1, kind: AdmissionReview, request: {object: {spec: {template: " + pod + "}}}}", nil},
		{"a status is no wish", "{apiVersion: x.io/v1, kind: X, status: {template: " + pod + "}}", nil},
	} {
		var got []string
		for _, found := range parse(t, test.text).Templates() {
			got = append(got, fmt.Sprintf("%s %s %s %s", found.APIVersion, found.Kind, found.Name, found.Pointer))
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s: templates differ (-want +got):\n%s", test.rule, diff)
		}
	}
}

// Facts are what kubectl would send, which reads YAML 1.1 and takes the last
// of several values of one key.
func TestFactsAsKubectlReadsThem(t *testing.T) {
	for text, want := range map[string]bool{
		"true": true, "True": true, "yes": true, "on": true, "Y": true,
		"false": false, "no": false, "null": false, "tRUE": false,
	} {
		pod := parse(t, "kind: Pod\nspec:\n  hostNetwork: "+text+"\n").Templates()[0].Pod
		if pod.HostNetwork != want {
			t.Errorf("hostNetwork: %s: got %v, want %v", text, pod.HostNetwork, want)
		}
	}
	twice := `{"kind":"Pod","metadata":{"labels":{"a":"1","a":"2"}},"spec":{"hostNetwork":true,"hostNetwork":false}}`
	if pod := parse(t, twice).Templates()[0].Pod; pod.Labels["a"] != "2" || pod.HostNetwork {
		t.Errorf("got label %q and hostNetwork %v, want the last of each", pod.Labels["a"], pod.HostNetwork)
	}
}

// The YAML packages read version 1.2 but not the line that says so.
func TestVersionDirective(t *testing.T) {
	objects, err := Objects("manifest", []byte("# c\n%YAML 1.2\n---\na: 1\n"))
	if err != nil || len(objects) != 1 || string(objects[0]) != `{"a":1}` {
		t.Errorf("got objects %s (%v), want {\"a\":1}", objects, err)
	}
	const message = "a: \"%YAML 1.2\"\n"
	if f := parse(t, message); f.documents[0].Root.Content[1].Value != "%YAML 1.2" {
		t.Errorf("got %q, want a text to stay as it is", f.documents[0].Root.Content[1].Value)
	}
}
