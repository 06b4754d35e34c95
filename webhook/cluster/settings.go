package cluster

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
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/selection"
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
	injectorConfigMap = "istio-sidecar-injector" // "-REVISION" follows, except for the default one
	injectorValuesKey = "values"
	tagLabel          = "istio.io/tag"
)

// settingsIndex knows Istio's exclusions by revision, and revisions by tag.
type settingsIndex struct {
	log     logr.Logger
	current atomic.Pointer[settingsSnapshot]
	mu      sync.Mutex // of writers
}

// settingsSnapshot is immutable.
type settingsSnapshot struct {
	settings map[string]*rules.MeshDefaults // by revision
	tags     map[string]revisionTag         // by webhook configuration
	resolved map[string]*rules.MeshDefaults // by revision or tag
}

// revisionTag is a name that stands for a revision.
type revisionTag struct{ tag, revision string }

// get returns what Istio says for a revision or tag, or nil.
func (i *settingsIndex) get(revision string) *rules.MeshDefaults {
	if s := i.current.Load(); s != nil {
		return s.resolved[revision]
	}
	return nil
}

// update replaces the snapshot. These objects are few and change rarely.
func (i *settingsIndex) update(edit func(*settingsSnapshot)) {
	i.mu.Lock()
	defer i.mu.Unlock()
	next := &settingsSnapshot{settings: map[string]*rules.MeshDefaults{}, tags: map[string]revisionTag{}}
	if old := i.current.Load(); old != nil {
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
	i.current.Store(next)
}

// reset forgets everything, before another root namespace is read.
func (i *settingsIndex) reset() {
	i.update(func(s *settingsSnapshot) { clear(s.settings); clear(s.tags) })
}

// set takes the settings of a revision from the injector's ConfigMap. Those
// that cannot be read are no settings, in place of outdated ones.
func (i *settingsIndex) set(configMap *corev1.ConfigMap) {
	revision, ok := injectorRevision(configMap.Name)
	if !ok {
		return
	}
	settings, err := parseInjectorValues(configMap.Data[injectorValuesKey])
	if err != nil {
		i.log.Error(err, "cannot read Istio's settings; the mesh section of the rules counts for this revision", "configMap", configMap.Namespace+"/"+configMap.Name, "revision", revision)
	}
	i.update(func(s *settingsSnapshot) { s.settings[revision] = settings })
	if settings != nil {
		i.log.V(1).Info("Istio's settings read", "revision", revision, "excludeOutboundPorts", settings.ExcludeOutboundPorts, "excludeOutboundIPRanges", settings.ExcludeOutboundIPRanges)
	}
}

func (i *settingsIndex) remove(configMap *corev1.ConfigMap) {
	if revision, ok := injectorRevision(configMap.Name); ok {
		i.update(func(s *settingsSnapshot) { delete(s.settings, revision) })
	}
}

// setTag takes a tag from the webhook configuration that makes it.
func (i *settingsIndex) setTag(l *labelled) {
	tag := revisionTag{tag: l.labels[tagLabel], revision: l.labels[istio.RevisionLabel]}
	i.update(func(s *settingsSnapshot) { s.tags[l.name] = tag })
}

func (i *settingsIndex) removeTag(l *labelled) {
	i.update(func(s *settingsSnapshot) { delete(s.tags, l.name) })
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
			// Istio starts the sidecar first where this or the pod asks for it. A
			// lifecycle of the installation's own replaces the hook that does it.
			HoldApplication any `json:"holdApplicationUntilProxyStarts"`
			Lifecycle       any `json:"lifecycle"`
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
	proxy := &values.Global.Proxy
	return &rules.MeshDefaults{
		ExcludeOutboundPorts: ports, ExcludeOutboundIPRanges: prefixes,
		StartsFirst: proxy.HoldApplication == true && isEmpty(proxy.Lifecycle),
	}, nil
}

// isEmpty reports whether a value of Helm's is one that its templates take for none.
func isEmpty(value any) bool {
	mapping, isMapping := value.(map[string]any)
	return value == nil || isMapping && len(mapping) == 0
}

// settingsObjects asks for the injectors' ConfigMaps only: of given revisions each by its
// name, so that a right to these names is enough; of unknown ones by a label that Istio
// sets on all of them.
func settingsObjects(root string, revisions []string) (list []cache.ByObject) {
	for _, revision := range revisions {
		name := injectorConfigMap
		if revision != istio.DefaultRevision {
			name += "-" + revision
		}
		named := fields.AndSelectors(inNamespace(root), fields.OneTermEqualSelector("metadata.name", name))
		list = append(list, cache.ByObject{Field: named, Transform: keepValues})
	}
	if len(revisions) == 0 {
		list = []cache.ByObject{{Field: inNamespace(root), Label: exists(istio.RevisionLabel), Transform: keepValues}}
	}
	return list
}

// tagObjects asks for the webhook configurations that are revision tags.
func tagObjects() map[client.Object]cache.ByObject {
	return map[client.Object]cache.ByObject{metadataOf(webhookKind): {Label: exists(tagLabel), Transform: keepLabels}}
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
		c.ObjectMeta, c.Data, c.BinaryData = metav1.ObjectMeta{Namespace: c.Namespace, Name: c.Name, ResourceVersion: c.ResourceVersion}, data, nil
	}
	return object, nil
}
