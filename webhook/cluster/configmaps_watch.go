package cluster

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync/atomic"
	"time"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	apiwatch "k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/rest"
	toolscache "k8s.io/client-go/tools/cache"
	"k8s.io/klog/v2"

	"github.com/holdfast-mesh/holdfast/rules"
	"github.com/holdfast-mesh/holdfast/rules/evidence/configmaps"
	"github.com/holdfast-mesh/holdfast/webhook/background"
)

const (
	// configMapsGrace is how long readiness waits for ConfigMaps. Pods that are decided
	// without them lose protection where only a ConfigMap tells what they use; without
	// a webhook that is ready they all lose it.
	configMapsGrace = 30 * time.Second
	// configMapsPage is how many are asked for at a time where they cannot be streamed.
	// Each may have a mebibyte.
	configMapsPage = 50
)

// configMapsWatch keeps a configMapIndex as the cluster is. It is client-go's Reflector
// with an own store: its caches would need 600 bytes for each ConfigMap, whatever is kept
// of it, and would list all of them in one answer where an API server cannot stream.
type configMapsWatch struct {
	index  *configMapIndex
	client rest.Interface
	synced func(what string, synced bool)
	failed func(ctx context.Context, what string, err error)
	log    logr.Logger
	keep   func(data map[string]string) *rules.ConfigMap // configmaps.Reduce but in tests

	begun   atomic.Pointer[time.Time]
	read    atomic.Bool // completely, once
	refused atomic.Bool // by the last answer
	late    lateNamespaces
}

// reduced is a ConfigMap as far as it is kept: a TypeMeta and an ObjectMeta as client-go
// wants them, with little in it. kept is nil where the namespace is not considered.
type reduced struct {
	metav1.TypeMeta
	metav1.ObjectMeta
	kept *rules.ConfigMap
}

// DeepCopyObject implements runtime.Object.
func (r *reduced) DeepCopyObject() runtime.Object {
	c := *r
	return &c
}

// newConfigMapsWatch makes a watch that asks nobody yet.
func (c *Cluster) newConfigMapsWatch(clusterWide bool) (*configMapsWatch, error) {
	config := rest.CopyConfig(c.config)
	config.APIPath, config.GroupVersion = "/api", &corev1.SchemeGroupVersion
	config.NegotiatedSerializer = serializer.NewCodecFactory(c.scheme).WithoutConversion()
	config.ContentType, config.AcceptContentTypes = runtime.ContentTypeProtobuf, runtime.ContentTypeProtobuf+","+runtime.ContentTypeJSON
	config.QPS = -1 // the API server's fairness bounds it, as it does the caches' requests
	client, err := rest.RESTClientForConfigAndClient(config, c.http)
	if err != nil {
		return nil, fmt.Errorf("cannot make a client for ConfigMaps: %w", err)
	}
	return &configMapsWatch{
		index: &configMapIndex{clusterWide: clusterWide}, client: client,
		synced: c.synced, failed: c.failed, log: c.log, keep: configmaps.Reduce,
	}, nil
}

// run watches until ctx ends. Namespaces that are known by now are read at once, by one
// answer for the whole cluster; others when they come.
func (w *configMapsWatch) run(ctx context.Context, tasks *background.Tasks) {
	w.index.begin(func(name string, n *namespaceConfigMaps) {
		w.comesLate(ctx, tasks, lateNamespace{name, n})
	})
	now := time.Now()
	w.begun.Store(&now)
	tasks.Go(func() {
		select {
		case <-ctx.Done():
		case <-time.After(configMapsGrace):
			if note := w.notes(); note != nil {
				w.log.Error(nil, note[0], "what", watchConfigMaps)
			}
		}
	})
	reflector := toolscache.NewReflectorWithOptions(
		&toolscache.ListWatch{ListWithContextFunc: w.listAll, WatchFuncWithContext: w.watch}, &corev1.ConfigMap{}, w,
		toolscache.ReflectorOptions{Name: watchConfigMaps})
	// What fails is told by listAll and watch.
	reflector.RunWithContext(klog.NewContext(ctx, logr.Discard()))
}

// check is the readiness check. It fails for configMapsGrace at most, and not at all when
// the right is missing: waiting would not bring it.
func (w *configMapsWatch) check() error {
	if w.read.Load() || w.refused.Load() {
		return nil
	}
	if begun := w.begun.Load(); begun != nil && time.Since(*begun) > configMapsGrace {
		return nil
	}
	return fmt.Errorf("%s not read from the cluster yet", watchConfigMaps)
}

// notes says what is wrong while the check succeeds.
func (w *configMapsWatch) notes() []string {
	switch {
	case w.refused.Load():
		return []string{"not allowed to read ConfigMaps: what pods take from them is not seen; grant the right that holdfast ships, or leave out --read-configmaps"}
	case !w.read.Load():
		return []string{"ConfigMaps not read yet: what pods take from them is not seen"}
	}
	return nil
}

// answered notes how a request ended, and returns its error.
func (w *configMapsWatch) answered(ctx context.Context, err error) error {
	w.refused.Store(apierrors.IsForbidden(err) || apierrors.IsUnauthorized(err))
	if err != nil {
		w.failed(ctx, watchConfigMaps, err)
	}
	return err
}

// listAll lists all ConfigMaps of the cluster, for API servers that do not stream them.
func (w *configMapsWatch) listAll(ctx context.Context, _ metav1.ListOptions) (runtime.Object, error) {
	list, version, err := w.list(ctx, "")
	if w.answered(ctx, err) != nil {
		return nil, err
	}
	all := &metav1.List{Items: make([]runtime.RawExtension, len(list)), ListMeta: metav1.ListMeta{ResourceVersion: version}}
	for i, r := range list {
		all.Items[i].Object = r
	}
	return all, nil
}

// list lists the ConfigMaps of a namespace, or of all with "", page by page: what is not
// kept is gone before the next one comes.
func (w *configMapsWatch) list(ctx context.Context, namespace string) (all []*reduced, version string, err error) {
	for next := ""; ; {
		var page corev1.ConfigMapList
		request := w.client.Get().Resource("configmaps").Param("limit", fmt.Sprint(configMapsPage))
		if namespace != "" {
			request.Namespace(namespace)
		}
		if next != "" {
			request.Param("continue", next)
		}
		if err := request.Do(ctx).Into(&page); err != nil {
			return nil, "", err
		}
		for i := range page.Items {
			all = append(all, w.reduce(&page.Items[i]))
		}
		if next = page.Continue; next == "" {
			return all, page.ResourceVersion, nil
		}
	}
}

// watch opens a stream of changes, and first of what there is where it is asked for that.
func (w *configMapsWatch) watch(ctx context.Context, options metav1.ListOptions) (apiwatch.Interface, error) {
	options.Watch = true
	stream, err := w.client.Get().Resource("configmaps").VersionedParams(&options, metav1.ParameterCodec).Watch(ctx)
	if options.SendInitialEvents != nil && err != nil {
		return stream, err // listing is tried next
	}
	return stream, w.answered(ctx, err)
}

// reduce keeps of a ConfigMap what is of use.
func (w *configMapsWatch) reduce(c *corev1.ConfigMap) (r *reduced) {
	r = &reduced{ObjectMeta: metav1.ObjectMeta{Namespace: c.Namespace, Name: c.Name, ResourceVersion: c.ResourceVersion}}
	if w.index.get(c.Namespace) == nil {
		return r
	}
	// Anybody who writes ConfigMaps writes this text, and a panic here would end the
	// process, again after each start.
	defer func() {
		if caught := recover(); caught != nil {
			r.kept = rules.NewConfigMap(nil)
			w.log.Error(nil, "panic while reading a ConfigMap, which counts as empty", "namespace", c.Namespace, "name", c.Name, "panic", caught, "stack", string(debug.Stack()))
		}
	}()
	r.kept = w.keep(c.Data)
	return r
}

// Transformer makes client-go keep no more than that while it collects a stream.
func (w *configMapsWatch) Transformer() toolscache.TransformFunc {
	return func(object any) (any, error) {
		if c, ok := object.(*corev1.ConfigMap); ok {
			return w.reduce(c), nil
		}
		return object, nil
	}
}

// errObject is what no API server sends.
var errObject = errors.New("not a ConfigMap")

// taken is what an object of the Reflector's is reduced to.
func (w *configMapsWatch) taken(object any) (*reduced, error) {
	switch o := object.(type) {
	case *reduced:
		return o, nil
	case *corev1.ConfigMap:
		return w.reduce(o), nil
	}
	return nil, fmt.Errorf("%w: got a %T", errObject, object)
}

// Add implements client-go's ReflectorStore.
func (w *configMapsWatch) Add(object any) error {
	r, err := w.taken(object)
	if err == nil {
		w.index.set(r)
	}
	return err
}

// Update implements client-go's ReflectorStore.
func (w *configMapsWatch) Update(object any) error { return w.Add(object) }

// Delete implements client-go's ReflectorStore.
func (w *configMapsWatch) Delete(object any) error {
	c, ok := object.(metav1.Object)
	if !ok {
		return fmt.Errorf("%w: got a %T", errObject, object)
	}
	w.index.remove(c.GetNamespace(), c.GetName())
	return nil
}

// Replace implements client-go's ReflectorStore: everything has been read.
func (w *configMapsWatch) Replace(objects []any, _ string) error {
	list := make([]*reduced, len(objects))
	for i, object := range objects {
		r, err := w.taken(object)
		if err != nil {
			return err
		}
		list[i] = r
	}
	w.index.replace(list)
	w.refused.Store(false)
	if w.read.CompareAndSwap(false, true) {
		w.synced(watchConfigMaps, true)
		w.log.Info("read from the cluster", "what", watchConfigMaps)
	}
	return nil
}

// Resync implements client-go's ReflectorStore.
func (w *configMapsWatch) Resync() error { return nil }
