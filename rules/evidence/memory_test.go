package evidence

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/holdfast-mesh/holdfast/internal/ports"
	"github.com/holdfast-mesh/holdfast/rules"
	"github.com/holdfast-mesh/holdfast/rules/evidence/texts"
)

// everything asks for every address.
func everything() *Asked {
	return NewAsked(slices.Values([]*rules.Destinations{{Ports: []ports.Range{{First: 1, Last: 65535}}}}))
}

// whatCounts is what a decision sees.
func whatCounts(found Found) string {
	list := slices.Clone(found.Addresses)
	for i := range list {
		list[i].source, list[i].hidden = source{}, false
	}
	return fmt.Sprintf("%+v %+v %v", list, found.Declared, found.Cut)
}

// drawPod draws one of few pods, of which many differ in one thing only.
func drawPod(t *rapid.T) *rules.Pod {
	text := func(label string, texts ...string) string { return rapid.SampledFrom(texts).Draw(t, label) }
	pod := &rules.Pod{
		Name: text("name", "cart-7d9c-", "redis-0", "redis-"), Labels: map[string]string{hashLabel: text("hash", "", "7d9c")},
		Annotations: map[string]string{rules.MiddlewareAnnotation: text("declared", "", "mysql")},
	}
	switch text("ConfigMaps", "not read", "one", "another") {
	case "one":
		pod.ConfigMaps = known{"app": configMap("REDIS_HOST", "one")}
	case "another":
		pod.ConfigMaps = known{"app": configMap("REDIS_HOST", "two")}
	}
	if text("volume", "none", "mounted") == "mounted" {
		pod.Volumes = []rules.Volume{{Name: "v", ConfigMap: &rules.ConfigMapVolume{Name: "app"}}}
	}
	for range rapid.IntRange(1, 2).Draw(t, "containers") {
		c := rules.Container{Name: text("container", "app", "redis", "istio-proxy")}
		for range rapid.IntRange(0, 2).Draw(t, "variables") {
			name := text("variable", "REDIS_HOST", "A", "DB_HOST", "REDIS_PORT", "DB_TYPE", "REDIS_ENABLED")
			switch text("of", "value", "secret", "config map", "pod") {
			case "secret":
				c.Env = append(c.Env, fromSecret(name, "s"))
			case "config map":
				c.Env = append(c.Env, fromConfigMap(name, "app", "REDIS_HOST"))
			case "pod":
				c.Env = append(c.Env, rules.EnvVar{Name: name, ValueFrom: &rules.ValueFrom{}})
			default:
				c.Env = append(c.Env, rules.EnvVar{Name: name, Value: text("value", "cache", "cache:1", "$(A):2", "mysql", "false", "redis://x")})
			}
		}
		word := func() []string { return []string{text("word", "redis-cli", "-h", "db:1", "--db=x:1")} }
		switch text("words", "none", "command", "args") {
		case "command":
			c.Command = word()
		case "args":
			c.Args = word()
		}
		if text("envFrom", "none", "all") == "all" {
			c.EnvFrom = append(c.EnvFrom, allOf("app", text("prefix", "", "X_")))
		}
		if text("mount", "none", "v") == "v" {
			c.VolumeMounts = []rules.VolumeMount{{Name: "v"}}
		}
		pod.Containers = append(pod.Containers, c)
	}
	return pod
}

// Whatever pods came before, what is recalled of one is what reading it gives.
func TestRecallIsScan(t *testing.T) {
	recalled := 0
	rapid.Check(t, func(t *rapid.T) {
		asked := everything()
		for range 20 {
			pod := drawPod(t)
			want := whatCounts(Scan(pod, asked))
			for range 2 {
				found := Recall(pod, asked)
				if got := whatCounts(found); got != want {
					t.Fatalf("%+v: got %s recalled, want %s", pod, got, want)
				}
				if found.scanner == nil {
					recalled++
				}
				found.Release()
			}
		}
	})
	if recalled == 0 {
		t.Error("got nothing recalled, want many a pod to be")
	}
}

// Two pods that differ in one thing, the second of which the memory of the first would be
// wrong for.
func TestRecallOfAnother(t *testing.T) {
	withConfigMap := func(pod *rules.Pod) { pod.ConfigMaps = known{"app": configMap("REDIS_HOST", "one")} }
	mounted := func(pod *rules.Pod, c *rules.Container, mount rules.VolumeMount, items ...rules.KeyToPath) {
		withConfigMap(pod)
		mount.Name = "v"
		c.VolumeMounts = []rules.VolumeMount{mount}
		pod.Volumes = []rules.Volume{{Name: "v", ConfigMap: &rules.ConfigMapVolume{Name: "app", Items: items}}}
	}
	for _, c := range []struct {
		name          string
		first, change func(pod *rules.Pod, c *rules.Container)
	}{
		{"a reference to a Secret", func(_ *rules.Pod, c *rules.Container) {
			c.Env = []rules.EnvVar{{Name: "REDIS_HOST", ValueFrom: &rules.ValueFrom{}}}
		}, func(_ *rules.Pod, c *rules.Container) { c.Env = []rules.EnvVar{fromSecret("REDIS_HOST", "s")} }},
		{"a reference to a ConfigMap", func(_ *rules.Pod, c *rules.Container) {
			c.Env = []rules.EnvVar{{Name: "REDIS_HOST", ValueFrom: &rules.ValueFrom{}}}
		}, func(_ *rules.Pod, c *rules.Container) {
			c.Env = []rules.EnvVar{fromConfigMap("REDIS_HOST", "app", "k")}
		}},
		{"a volume", func(_ *rules.Pod, c *rules.Container) { c.VolumeMounts = []rules.VolumeMount{{Name: "v"}} }, func(pod *rules.Pod, _ *rules.Container) {
			withConfigMap(pod)
			pod.Volumes = []rules.Volume{{Name: "v", ConfigMap: &rules.ConfigMapVolume{Name: "app"}}}
		}},
		{"a projected volume", func(_ *rules.Pod, c *rules.Container) { c.VolumeMounts = []rules.VolumeMount{{Name: "v"}} }, func(pod *rules.Pod, _ *rules.Container) {
			withConfigMap(pod)
			pod.Volumes = []rules.Volume{{Name: "v", Projected: &rules.Projected{Sources: []rules.ProjectedSource{{ConfigMap: &rules.ConfigMapVolume{Name: "app"}}}}}}
		}},
		{"what a ConfigMap holds", func(pod *rules.Pod, c *rules.Container) {
			withConfigMap(pod)
			c.Env = []rules.EnvVar{fromConfigMap("REDIS_HOST", "app", "REDIS_HOST")}
		}, func(pod *rules.Pod, _ *rules.Container) {
			pod.ConfigMaps = known{"app": configMap("REDIS_HOST", "two")}
		}},
		{"a prefix", func(pod *rules.Pod, c *rules.Container) {
			pod.ConfigMaps = known{"app": configMap("HOST", "one")}
			c.EnvFrom = []rules.EnvFrom{allOf("app", "A_")}
		}, func(_ *rules.Pod, c *rules.Container) { c.EnvFrom[0].Prefix = "REDIS_" }},
		{"what all of a ConfigMap holds", func(pod *rules.Pod, c *rules.Container) {
			withConfigMap(pod)
			c.EnvFrom = []rules.EnvFrom{allOf("app", "")}
		}, func(pod *rules.Pod, _ *rules.Container) {
			pod.ConfigMaps = known{"app": configMap("REDIS_HOST", "two")}
		}},
		{"which key holds it", func(pod *rules.Pod, c *rules.Container) {
			pod.ConfigMaps = known{"app": configMap("DB_HOST", "one")}
			c.EnvFrom = []rules.EnvFrom{allOf("app", "")}
		}, func(pod *rules.Pod, _ *rules.Container) { withConfigMap(pod) }},
		{"which name a file has for it", func(pod *rules.Pod, c *rules.Container) {
			mounted(pod, c, rules.VolumeMount{})
			pod.ConfigMaps = known{"app": configMap("app.env", "DB_HOST=one\n")}
		}, func(pod *rules.Pod, _ *rules.Container) {
			pod.ConfigMaps = known{"app": configMap("app.env", "REDIS_HOST=one\n")}
		}},
		{
			"what a mounted ConfigMap holds", func(pod *rules.Pod, c *rules.Container) { mounted(pod, c, rules.VolumeMount{}) },
			func(pod *rules.Pod, _ *rules.Container) {
				pod.ConfigMaps = known{"app": configMap("REDIS_HOST", "two")}
			},
		},
		{
			"which file is mounted", func(pod *rules.Pod, c *rules.Container) { mounted(pod, c, rules.VolumeMount{SubPath: "other"}) },
			func(_ *rules.Pod, c *rules.Container) { c.VolumeMounts[0].SubPath = "REDIS_HOST" },
		},
		{
			"which key is mounted", func(pod *rules.Pod, c *rules.Container) {
				mounted(pod, c, rules.VolumeMount{}, rules.KeyToPath{Key: "other", Path: "x"})
			},
			func(pod *rules.Pod, _ *rules.Container) { pod.Volumes[0].ConfigMap.Items[0].Key = "REDIS_HOST" },
		},
		{"where a key is mounted", func(pod *rules.Pod, c *rules.Container) {
			mounted(pod, c, rules.VolumeMount{SubPath: "x"}, rules.KeyToPath{Key: "REDIS_HOST", Path: "y"})
		}, func(pod *rules.Pod, _ *rules.Container) { pod.Volumes[0].ConfigMap.Items[0].Path = "x" }},
		{"whether ConfigMaps are read", func(_ *rules.Pod, c *rules.Container) {
			c.Env = []rules.EnvVar{fromConfigMap("REDIS_HOST", "app", "REDIS_HOST")}
		}, func(pod *rules.Pod, _ *rules.Container) { withConfigMap(pod) }},
	} {
		asked, pod := everything(), &rules.Pod{Containers: []rules.Container{{Name: "c"}}}
		c.first(pod, &pod.Containers[0])
		before := whatCounts(Recall(pod, asked))
		c.change(pod, &pod.Containers[0])
		want := whatCounts(Scan(pod, asked))
		if got := whatCounts(Recall(pod, asked)); got != want || got == before {
			t.Errorf("%s: got %s after %s, want %s", c.name, got, before, want)
		}
	}
}

// A pod's texts are not kept, whatever they are: they hold passwords. What is large is not
// kept at all.
func TestMemoryIsBounded(t *testing.T) {
	asked := everything()
	isKept := func(pod *rules.Pod) bool {
		first := Recall(pod, asked)
		first.Release()
		second := Recall(pod, asked)
		return second.scanner == nil
	}
	hosts := func(n int) string { return strings.Repeat("cache:6379,", n) }
	for _, c := range []struct {
		name string
		pod  *rules.Pod
		want bool
	}{
		{"a usual pod", envPod("REDIS_URL", "redis://u:secret@cache:6379"), true},
		{"as many addresses as are kept", envPod("URLS", hosts(maxRemembered)), true},
		{"one more", envPod("URLS", hosts(maxRemembered+1)), false},
		{"as long as is kept", envPod("A", strings.Repeat("x", maxTexts-len("app")-len("A")-12*4)), true},
		{"one byte more", envPod("A", strings.Repeat("x", maxTexts-len("app")-len("A")-12*4+1)), false},
	} {
		if got := isKept(c.pod); got != c.want {
			t.Errorf("%s: got %v for whether it is remembered, want %v", c.name, got, c.want)
		}
	}
	many := &rules.Pod{Containers: []rules.Container{{Name: "app", Env: slices.Repeat([]rules.EnvVar{{Name: "DB_HOST", Value: "db"}}, texts.MaxSearches+1)}}}
	unasked := NewAsked(slices.Values([]*rules.Destinations{{Ports: []ports.Range{{First: 1, Last: 1}}}}))
	for range 2 {
		if found := Recall(many, unasked); !found.Cut {
			t.Error("a pod of which not all is read: got that all of it is, want it said each time")
		}
	}
	for i := range asked.memory.slots {
		if r := asked.memory.slots[i].Load(); r != nil {
			for _, a := range r.addresses {
				if a.source.container != nil {
					t.Errorf("got %+v with the text that it stands in, want the address alone", a)
				}
			}
		}
	}
}
