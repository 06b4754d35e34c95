package webhook

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/go-json-experiment/json"
	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/selection"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/holdfast-mesh/holdfast/internal/clip"
	"github.com/holdfast-mesh/holdfast/istio"
	"github.com/holdfast-mesh/holdfast/rules"
)

// How Istio names and labels what it was installed with.
// Source: https://github.com/istio/istio/blob/1.31.0/manifests/charts/istio-control/istio-discovery/templates/istiod-injector-configmap.yaml
// and revision-tags-mwc.yaml beside it.
const (
	defaultRootNamespace = istio.DefaultRootNamespace
	injectorConfigMap    = "istio-sidecar-injector" // "-REVISION" follows, except for the default one
	injectorValuesKey    = "values"
	tagLabel             = "istio.io/tag"
)

// meshIndex knows Istio's exclusions by revision, and revisions by tag.
type meshIndex struct {
	log     logr.Logger
	current atomic.Pointer[meshSnapshot]
	mu      sync.Mutex // of writers
}

// meshSnapshot is immutable.
type meshSnapshot struct {
	settings map[string]*rules.MeshDefaults // by revision
	tags     map[string]revisionTag         // by webhook configuration
	resolved map[string]*rules.MeshDefaults // by revision or tag
}

// revisionTag is a name that stands for a revision.
type revisionTag struct{ tag, revision string }

// get returns what Istio says for a revision or tag, or nil.
func (m *meshIndex) get(revision string) *rules.MeshDefaults {
	if s := m.current.Load(); s != nil {
		return s.resolved[revision]
	}
	return nil
}

// change replaces the snapshot. These objects are few and change rarely.
func (m *meshIndex) change(edit func(*meshSnapshot)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	next := &meshSnapshot{settings: map[string]*rules.MeshDefaults{}, tags: map[string]revisionTag{}}
	if old := m.current.Load(); old != nil {
		maps.Copy(next.settings, old.settings)
		maps.Copy(next.tags, old.tags)
	}
	edit(next)
	next.resolved = maps.Clone(next.settings)
	// A tag wins over a revision of the same name: "default" may lead to any
	// revision. Sorted, so that replicas agree when two objects claim one tag.
	for _, name := range slices.Sorted(maps.Keys(next.tags)) {
		tag := next.tags[name]
		if settings := next.settings[tag.revision]; settings != nil {
			next.resolved[tag.tag] = settings
		}
	}
	m.current.Store(next)
}

// reset forgets everything, before another root namespace is read.
func (m *meshIndex) reset() {
	m.change(func(s *meshSnapshot) { clear(s.settings); clear(s.tags) })
}

func (m *meshIndex) settingsHandler() toolscache.ResourceEventHandler {
	set := func(object any) {
		configMap, ok := object.(*corev1.ConfigMap)
		if !ok {
			return
		}
		revision, ok := injectorRevision(configMap.Name)
		if !ok {
			return
		}
		settings, err := parseInjectorValues(configMap.Data[injectorValuesKey])
		if err != nil {
			m.log.Error(err, "cannot read Istio's settings; the mesh section of the rules counts for this revision", "configMap", configMap.Namespace+"/"+configMap.Name, "revision", revision)
		}
		m.change(func(s *meshSnapshot) { s.settings[revision] = settings })
		if settings != nil {
			m.log.V(1).Info("Istio's settings read", "revision", revision, "excludeOutboundPorts", settings.ExcludeOutboundPorts, "excludeOutboundIPRanges", settings.ExcludeOutboundIPRanges)
		}
	}
	return toolscache.ResourceEventHandlerFuncs{
		AddFunc:    set,
		UpdateFunc: func(_, object any) { set(object) },
		DeleteFunc: func(object any) {
			if configMap, ok := deleted(object).(*corev1.ConfigMap); ok {
				if revision, ok := injectorRevision(configMap.Name); ok {
					m.change(func(s *meshSnapshot) { delete(s.settings, revision) })
				}
			}
		},
	}
}

func (m *meshIndex) tagHandler() toolscache.ResourceEventHandler {
	set := func(object any) {
		if meta, ok := object.(*metav1.PartialObjectMetadata); ok {
			tag := revisionTag{tag: meta.Labels[tagLabel], revision: meta.Labels[istio.RevisionLabel]}
			m.change(func(s *meshSnapshot) { s.tags[meta.Name] = tag })
		}
	}
	return toolscache.ResourceEventHandlerFuncs{
		AddFunc:    set,
		UpdateFunc: func(_, object any) { set(object) },
		DeleteFunc: func(object any) {
			if meta, ok := deleted(object).(*metav1.PartialObjectMetadata); ok {
				m.change(func(s *meshSnapshot) { delete(s.tags, meta.Name) })
			}
		},
	}
}

// injectorRevision reads the revision off a ConfigMap's name.
func injectorRevision(name string) (revision string, ok bool) {
	suffix, ok := strings.CutPrefix(name, injectorConfigMap)
	switch {
	case !ok:
		return "", false
	case suffix == "":
		return istio.DefaultRevision, true
	}
	return strings.CutPrefix(suffix, "-")
}

// injectorValues is the part of the injector's Helm values that counts.
type injectorValues struct {
	Global struct {
		Proxy struct {
			ExcludeOutboundPorts helmText `json:"excludeOutboundPorts"`
			ExcludeIPRanges      helmText `json:"excludeIPRanges"`
		} `json:"proxy"`
	} `json:"global"`
}

// helmText is a text that Helm's --set turns into a number when it looks like
// one.
type helmText string

// UnmarshalJSON takes a string, a whole number or null.
func (t *helmText) UnmarshalJSON(data []byte) error {
	var text string
	if json.Unmarshal(data, &text) == nil {
		*t = helmText(text)
		return nil
	}
	// Helm writes numbers of --set as int64, values files as float64.
	number, err := strconv.ParseFloat(string(data), 64)
	if err != nil || number != float64(int64(number)) {
		return fmt.Errorf("got %s, want a string", clip.Text(string(data), 40))
	}
	*t = helmText(strconv.FormatInt(int64(number), 10))
	return nil
}

// parseInjectorValues reads the exclusions out of the values of Istio's
// injector.
func parseInjectorValues(text string) (*rules.MeshDefaults, error) {
	if text == "" {
		return nil, fmt.Errorf("got no key %q, want the injector's values as JSON", injectorValuesKey)
	}
	var values injectorValues
	if err := json.Unmarshal([]byte(text), &values); err != nil {
		return nil, fmt.Errorf("key %q: %w", injectorValuesKey, err)
	}
	ports, err := istio.ParsePorts(string(values.Global.Proxy.ExcludeOutboundPorts))
	if err != nil {
		return nil, fmt.Errorf("global.proxy.excludeOutboundPorts: %w", err)
	}
	prefixes, err := istio.ParsePrefixes(string(values.Global.Proxy.ExcludeIPRanges))
	if err != nil {
		return nil, fmt.Errorf("global.proxy.excludeIPRanges: %w", err)
	}
	return &rules.MeshDefaults{ExcludeOutboundPorts: ports, ExcludeOutboundIPRanges: prefixes}, nil
}

func tagObject() *metav1.PartialObjectMetadata {
	object := &metav1.PartialObjectMetadata{}
	object.SetGroupVersionKind(webhookKind)
	return object
}

// meshCache asks for Istio's own objects only, by labels that Istio sets on
// all of them.
func meshCache(root string) map[client.Object]cache.ByObject {
	return map[client.Object]cache.ByObject{
		&corev1.ConfigMap{}: {Field: inNamespace(root), Label: exists(istio.RevisionLabel), Transform: keepValues},
		tagObject():         {Label: exists(tagLabel), Transform: keepLabels},
	}
}

func exists(label string) labels.Selector {
	requirement, err := labels.NewRequirement(label, selection.Exists, nil)
	if err != nil {
		return labels.Everything() // a constant label is never invalid
	}
	return labels.NewSelector().Add(*requirement)
}

// keepValues drops what is not read: an injector's templates are 40 KB and more.
func keepValues(object any) (any, error) {
	if c, ok := object.(*corev1.ConfigMap); ok {
		var data map[string]string
		if values, ok := c.Data[injectorValuesKey]; ok && strings.HasPrefix(c.Name, injectorConfigMap) {
			data = map[string]string{injectorValuesKey: values}
		}
		c.ObjectMeta = metav1.ObjectMeta{Name: c.Name, Namespace: c.Namespace, Labels: c.Labels, ResourceVersion: c.ResourceVersion, UID: c.UID}
		c.Data, c.BinaryData = data, nil
	}
	return object, nil
}
