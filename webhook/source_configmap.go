package webhook

import (
	"fmt"
	"strings"
	"sync"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/types"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/cache"

	"github.com/holdfast-mesh/holdfast/webhook/admission"
)

// configMapSource offers the rules in one ConfigMap to a store, and every
// later version of them. Problems show as Events on the ConfigMap.
type configMapSource struct {
	name   types.NamespacedName
	store  *admission.Store
	events *eventSink

	mu   sync.Mutex
	seen bool
}

// parseConfigMapName reads "namespace/name".
func parseConfigMapName(text string) (types.NamespacedName, error) {
	namespace, name, ok := strings.Cut(text, "/")
	if !ok || namespace == "" || name == "" || strings.Contains(name, "/") {
		return types.NamespacedName{}, fmt.Errorf("got --rules-configmap %q, want namespace/name, for example holdfast-system/holdfast-rules", text)
	}
	return types.NamespacedName{Namespace: namespace, Name: name}, nil
}

func (s *configMapSource) source() string { return "configmap " + s.name.String() }

// selector restricts the watch to the one ConfigMap.
func (s *configMapSource) selector() cache.ByObject {
	return cache.ByObject{
		Field:     fields.AndSelectors(inNamespace(s.name.Namespace), fields.OneTermEqualSelector("metadata.name", s.name.Name)),
		Transform: cache.TransformStripManagedFields(),
	}
}

func (s *configMapSource) handler() toolscache.ResourceEventHandler {
	return toolscache.ResourceEventHandlerFuncs{
		AddFunc:    func(object any) { s.offer(object) },
		UpdateFunc: func(_, object any) { s.offer(object) },
		DeleteFunc: func(object any) {
			if configMap, ok := deleted(object).(*corev1.ConfigMap); ok {
				const why = "the ConfigMap was deleted"
				if s.store.Lost(s.source(), why) {
					s.events.warn(configMap, eventRejected, why+"; the last good rules stay in force until holdfast restarts")
				}
			}
		},
	}
}

// offer loads a version of the ConfigMap.
func (s *configMapSource) offer(object any) {
	configMap, ok := object.(*corev1.ConfigMap)
	if !ok {
		return
	}
	s.mu.Lock()
	s.seen = true
	s.mu.Unlock()
	text, err := admission.RulesText(configMap.Data, configMap.BinaryData)
	if err != nil {
		if s.store.Lost(s.source(), err.Error()) {
			s.events.warn(configMap, eventRejected, err.Error())
		}
		return
	}
	offered := s.store.Offer(s.source(), admission.RulesKey, []byte(text))
	switch {
	case offered.Err != nil:
		s.events.warn(configMap, eventRejected, "the last good rules stay in force: "+offered.Err.Error())
	case offered.Recovered:
		s.events.normal(configMap, eventLoaded, "the rules are in force again, hash "+s.store.Set().Hash())
	}
}

// synced is called when all that was there at the start has been offered.
func (s *configMapSource) synced() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.seen {
		s.store.Lost(s.source(), "the ConfigMap does not exist")
	}
}
