package decide

import (
	"slices"
	"strings"
	"testing"

	"github.com/holdfast-mesh/holdfast/istio"
	"github.com/holdfast-mesh/holdfast/rules"
)

const startsAndStops = `rules:
- name: a
  destinations: {ports: [6379]}
  strategy: {sidecarStartsFirst: true, sidecarStopsLast: true}
`

// What the pod pays is said, and a grace period that leaves no time is warned of, where
// the strategy is in force and nowhere else.
func TestLifecycle(t *testing.T) {
	grace := func(seconds int64, own ...string) *rules.Pod {
		pod := shopPod(own...)
		pod.GracePeriod = &seconds
		return pod
	}
	meshStarts := shopPod()
	meshStarts.Mesh = &rules.MeshDefaults{StartsFirst: true}
	const late = "sidecarStopsLast: the pod may end as late as its grace period, "
	for _, test := range []struct {
		rule   string
		pod    *rules.Pod
		price  []string // beginnings
		warns  bool
		detail string
	}{
		{"both have a price; 30 s are Kubernetes' own", shopPod(), []string{"sidecarStartsFirst: the application starts when", late + "30 s"}, false, "a in force"},
		{"the pod's own grace period counts", grace(600), []string{"sidecarStartsFirst", late + "600 s"}, false, "a in force"},
		{"six seconds are one more than without", grace(6), []string{"sidecarStartsFirst", late + "6 s"}, false, "a in force"},
		{"five leave none", grace(5), []string{"sidecarStartsFirst", late + "5 s"}, true, "a in force"},
		{"nor does zero", grace(0), []string{"sidecarStartsFirst", late + "0 s"}, true, "a in force"},
		{
			"what the author has refused costs nothing", grace(5, istio.ProxyConfigAnnotation, "holdApplicationUntilProxyStarts: false\nproxyMetadata: {EXIT_ON_ZERO_ACTIVE_CONNECTIONS: \"false\"}\n"), nil, false,
			"a in force; the pod's own holdApplicationUntilProxyStarts false wins over true; the pod's own EXIT_ON_ZERO_ACTIVE_CONNECTIONS false wins over true",
		},
		{
			"what the author has asked for in other words is in force", grace(60, istio.ProxyConfigAnnotation, "holdApplicationUntilProxyStarts: yes\nproxyMetadata: {EXIT_ON_ZERO_ACTIVE_CONNECTIONS: '1'}\n"),
			[]string{"sidecarStartsFirst", late + "60 s"},
			false, "a in force",
		},
		{
			"nor does a native sidecar", grace(5, istio.NativeSidecarAnnotation, "true"), nil, false,
			"a in force; the sidecar starts first without an annotation; the sidecar stops last without an annotation",
		},
		{"only this word makes it native", shopPod(istio.NativeSidecarAnnotation, "false"), []string{"sidecarStartsFirst", late + "30 s"}, false, "a in force"},
		{"Istio may start all sidecars first", meshStarts, []string{late}, false, "a in force; the sidecar starts first without an annotation"},
	} {
		set := compileRules(t, startsAndStops)
		o := set.Decide(test.pod, Options{})
		priced := len(o.Price) == len(test.price)
		for i := range test.price {
			priced = priced && strings.HasPrefix(o.Price[i], test.price[i])
		}
		if !priced || o.Detail != test.detail {
			t.Errorf("%s: got price %q and detail %q, want %q and %q", test.rule, o.Price, o.Detail, test.price, test.detail)
		}
		warns := slices.ContainsFunc(o.Warnings, func(w rules.Warning) bool { return w.Code == rules.WarnGracePeriodTooShort && seenWhole(&w) })
		if warns != test.warns || len(o.Warnings) > 1 {
			t.Errorf("%s: got warnings %v, want one about the grace period: %v", test.rule, o.Warnings, test.warns)
		}
	}
	if o := compileRules(t, twoTimeouts).Decide(shopPod(), Options{}); o.Price != nil {
		t.Errorf("got price %q for rules without, want none", o.Price)
	}
}

// Where all that rules want is there without an annotation, none is written, the record
// neither; and what was written when that was not so goes.
func TestNothingToWrite(t *testing.T) {
	set, pod := compileRules(t, startsAndStops), shopPod()
	apply(pod, set.Decide(pod, Options{}))
	pod.Annotations[istio.NativeSidecarAnnotation] = "true"
	apply(pod, set.Decide(pod, Options{}))
	if len(pod.Annotations) != 1 {
		t.Errorf("got %v, want nothing of holdfast's", pod.Annotations)
	}
	o := set.Decide(pod, Options{})
	if o.Reason != rules.AlreadyApplied || len(o.Set)+len(o.Remove) > 0 || !slices.Equal(o.Rules, []string{"a"}) {
		t.Errorf("got %+v, want AlreadyApplied with a in force and no edit", o)
	}
}
