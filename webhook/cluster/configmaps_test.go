package cluster

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	kuberuntime "k8s.io/apimachinery/pkg/runtime"

	"github.com/go-logr/logr"
	"github.com/go-logr/logr/funcr"
	"github.com/holdfast-mesh/holdfast/rules"
	"github.com/holdfast-mesh/holdfast/rules/evidence/configmaps"
)

func newTestWatch(clusterWide bool) *configMapsWatch {
	return &configMapsWatch{index: &configMapIndex{clusterWide: clusterWide}, synced: func(string, bool) {}, log: logr.Discard(), keep: configmaps.Reduce}
}

func namespace(name, enabled string) *labelled {
	l := &labelled{name: name}
	if enabled != "" {
		l.labels = map[string]string{"holdfast.dev/enabled": enabled}
	}
	return l
}

// redis is a ConfigMap that names a Redis.
func redis(namespace, name, host string) *corev1.ConfigMap {
	return &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}, Data: map[string]string{"REDIS_HOST": host}}
}

// What is known of a ConfigMap: the value of REDIS_HOST.
func (w *configMapsWatch) host(namespace, name string) string {
	c := w.index.of(namespace).ConfigMap(name)
	if c == nil {
		return "unknown"
	}
	for s := range c.All() {
		return s.Value
	}
	return ""
}

func (w *configMapsWatch) want(t *testing.T, namespace, name, host string) {
	t.Helper()
	if got := w.host(namespace, name); got != host {
		t.Errorf("%s/%s: got %s, want %s", namespace, name, got, host)
	}
}

func (w *configMapsWatch) must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Error(err)
	}
}

// A ConfigMap that finds a defect costs itself, and not the process.
func TestConfigMapOfDefect(t *testing.T) {
	w := newTestWatch(true)
	var log strings.Builder
	w.log = funcr.New(func(_, args string) { log.WriteString(args) }, funcr.Options{})
	w.keep = func(data map[string]string) *rules.ConfigMap {
		if data["REDIS_HOST"] == "bad" {
			panic("the defect")
		}
		return configmaps.Reduce(data)
	}
	w.index.setNamespace(namespace("shop", ""))
	for name, host := range map[string]string{"good": "cache", "hostile": "bad"} {
		w.must(t, w.Add(redis("shop", name, host)))
	}
	w.want(t, "shop", "good", "cache")
	w.want(t, "shop", "hostile", "")
	if text := log.String(); !strings.Contains(text, `"name"="hostile"`) || !strings.Contains(text, "the defect") || !strings.Contains(text, `"stack"=`) {
		t.Errorf("got log %q, want the ConfigMap, the panic and the stack", text)
	}
}

// Namespaces that are considered are kept, and no others; those that leave give their
// memory back.
func TestConfigMapIndex(t *testing.T) {
	w := newTestWatch(false)
	w.index.setNamespace(namespace("shop", "true"))
	w.index.setNamespace(namespace("other", ""))
	w.must(t, w.Replace([]any{redis("shop", "a", "one"), redis("shop", "b", "two"), redis("other", "a", "three")}, "1"))
	w.want(t, "shop", "a", "one")
	w.want(t, "other", "a", "unknown")
	w.must(t, w.Update(redis("shop", "a", "four")))
	w.want(t, "shop", "a", "four")
	w.must(t, w.Delete(redis("shop", "a", "four")))
	w.want(t, "shop", "a", "unknown")
	// A list that lacks one says that it was deleted.
	w.must(t, w.Replace([]any{redis("shop", "c", "five")}, "2"))
	w.want(t, "shop", "b", "unknown")
	w.want(t, "shop", "c", "five")
	w.index.setNamespace(namespace("shop", "false"))
	w.want(t, "shop", "c", "unknown")
	if w.index.get("shop") != nil {
		t.Error("a namespace that opted out is kept")
	}

	wide := newTestWatch(true)
	for name, enabled := range map[string]string{"shop": "", "in": "true", "out": "false"} {
		wide.index.setNamespace(namespace(name, enabled))
		wide.must(t, wide.Add(redis(name, "a", "one")))
	}
	wide.want(t, "shop", "a", "one")
	wide.want(t, "in", "a", "one")
	wide.want(t, "out", "a", "unknown")
}

// A namespace that comes while the watch runs is read by itself. What the watch tells
// meanwhile is newer than what is read.
func TestLateNamespace(t *testing.T) {
	w := newTestWatch(false)
	var late *namespaceConfigMaps
	w.index.begin(func(_ string, n *namespaceConfigMaps) { late = n })
	early := w.reduce(redis("shop", "a", "one")) // when nobody considered it
	w.index.setNamespace(namespace("shop", "true"))
	if late == nil {
		t.Fatal("nobody reads the namespace")
	}
	w.must(t, w.Update(redis("shop", "b", "new")))
	w.must(t, w.Delete(redis("shop", "c", "gone")))
	w.index.fill(late, []*reduced{w.reduce(redis("shop", "a", "one")), w.reduce(redis("shop", "b", "old")), w.reduce(redis("shop", "c", "old"))})
	w.want(t, "shop", "a", "one")
	w.want(t, "shop", "b", "new")
	w.want(t, "shop", "c", "unknown")
	// A stream that began earlier says that it exists, and not what it has.
	w.must(t, w.Replace([]any{early}, "1"))
	w.want(t, "shop", "a", "one")
	w.must(t, w.Add(early))
	w.want(t, "shop", "a", "one")
}

// settings4KB is a ConfigMap as applications have them: 4 KB of settings, of which some
// are addresses.
func settings4KB(namespace string, i int) *corev1.ConfigMap {
	data := map[string]string{
		"DB_HOST": fmt.Sprintf("postgres-%d.data.svc.cluster.local", i), "DB_PORT": "5432", "REDIS_URL": fmt.Sprintf("redis://cache-%d:6379/0", i),
		"KAFKA_BOOTSTRAP_SERVERS": fmt.Sprintf("broker-%d-0:9092,broker-%d-1:9092", i, i),
	}
	size := 0
	for j := 0; size < 3800; j++ {
		key, value := fmt.Sprintf("FEATURE_%d_%d", i, j), strings.Repeat("some words of a setting ", 2)
		data[key] = value
		size += len(key) + len(value)
	}
	return &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: fmt.Sprintf("app-%d", i)}, Data: data}
}

// heap is what is alive, in bytes.
func heap() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// 20,000 ConfigMaps of 4 KB, in 200 namespaces, take less than 24 MiB.
func TestConfigMapMemory(t *testing.T) {
	const number, most = 20_000, 24 << 20
	w := newTestWatch(false)
	before := heap()
	for i := range number {
		name := fmt.Sprintf("team-%d", i%200)
		if i < 200 {
			w.index.setNamespace(namespace(name, "true"))
		}
		w.must(t, w.Add(kuberuntime.Object(settings4KB(name, i))))
	}
	got := heap() - before
	t.Logf("%d ConfigMaps take %.1f MiB", number, float64(got)/(1<<20))
	if got > most {
		t.Errorf("got %d bytes for %d ConfigMaps, want at most %d", got, number, most)
	}
	w.want(t, "team-7", "app-20007", "unknown")
	if c := w.index.of("team-7").ConfigMap("app-7"); c == nil || c.Size() < 100 {
		t.Errorf("got %v, want its addresses kept", c)
	}
	// Namespaces that opt out give it back.
	for i := range 200 {
		w.index.setNamespace(namespace(fmt.Sprintf("team-%d", i), "false"))
	}
	if left := heap(); left > before+most/8 {
		t.Errorf("got %d bytes after all namespaces left, want about %d", left-before, 0)
	}
	runtime.KeepAlive(w)
}
