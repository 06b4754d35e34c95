package cluster

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/client-go/rest"

	"github.com/holdfast-mesh/holdfast/webhook/background"
)

// However many namespaces come at once, few readers are started; they get all, in turn, and
// others start when they have ended.
func TestLateNamespaces(t *testing.T) {
	const many = 1000
	var late lateNamespaces
	name := func(i int) string { return fmt.Sprint("team-", i) }
	for round := range 2 {
		readers := 0
		for i := range many {
			if late.put(lateNamespace{name: name(i)}) {
				readers++
			}
		}
		for i := range many {
			if got, ok := late.next(); !ok || got.name != name(i) {
				t.Fatalf("round %d: got namespace %q %v, want %s", round, got.name, ok, name(i))
			}
		}
		for range readers {
			if got, ok := late.next(); ok {
				t.Errorf("round %d: got namespace %s after all", round, got.name)
			}
		}
		if late.waiting != nil {
			t.Errorf("round %d: got room for %d namespaces kept, want none", round, cap(late.waiting))
		}
		if readers != lateAtATime {
			t.Errorf("round %d: got %d readers, want %d", round, readers, lateAtATime)
		}
	}
}

// answers stands in for an API server, whose refusals and times cannot be had at will.
type answers func(*http.Request) (status int, body string)

func (a answers) RoundTrip(r *http.Request) (*http.Response, error) {
	status, body := a(r)
	return &http.Response{
		StatusCode: status, Header: http.Header{"Content-Type": {"application/json"}},
		Body: io.NopCloser(strings.NewReader(body)), Request: r,
	}, nil
}

// A namespace that comes late is read; one that could not be is read again after a while, until
// it is gone.
func TestReadLate(t *testing.T) { synctest.Test(t, readsLate) }

func readsLate(t *testing.T) {
	scheme, err := newScheme()
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	broken, asked := true, map[string]int{}
	api := answers(func(r *http.Request) (int, string) {
		mu.Lock()
		defer mu.Unlock()
		asked[r.URL.Path]++
		if broken {
			return http.StatusForbidden, "{}"
		}
		return http.StatusOK, `{"kind":"ConfigMapList","apiVersion":"v1","items":[{"metadata":{"namespace":"shop","name":"a"},"data":{"REDIS_HOST":"one"}}]}`
	})
	c := &Cluster{config: &rest.Config{Host: "http://api"}, http: &http.Client{Transport: api}, scheme: scheme, log: logr.Discard()}
	w, err := c.newConfigMapsWatch(false)
	if err != nil {
		t.Fatal(err)
	}
	var tasks background.Tasks
	w.index.begin(func(name string, n *namespaceConfigMaps) { w.comesLate(t.Context(), &tasks, lateNamespace{name, n}) })
	want := func(shop, gone int, host string) {
		t.Helper()
		synctest.Wait()
		mu.Lock()
		defer mu.Unlock()
		if asked["/api/v1/namespaces/shop/configmaps"] != shop || asked["/api/v1/namespaces/gone/configmaps"] != gone {
			t.Errorf("asked %v, want shop %d times and gone %d times", asked, shop, gone)
		}
		w.want(t, "shop", "a", host)
	}
	w.index.setNamespace(namespace("shop", "true"))
	w.index.setNamespace(namespace("gone", "true"))
	want(1, 1, "unknown")
	w.index.setNamespace(namespace("gone", "false"))
	time.Sleep(lateRetry)
	want(2, 1, "unknown")
	mu.Lock()
	broken = false
	mu.Unlock()
	time.Sleep(lateRetry)
	want(3, 1, "one")
	tasks.Wait()
}
