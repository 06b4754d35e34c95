package webhook

import (
	"fmt"
	"strings"
	"sync/atomic"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/holdfast-mesh/holdfast/webhook/admission"
)

// configMapSource offers the rules in one ConfigMap to a store, and every
// later version of them. Problems show as Events on the ConfigMap. It is a
// cluster.Follower.
type configMapSource struct {
	source string // as the store names it
	store  *admission.Store
	events *eventSink
	last   atomic.Pointer[corev1.ConfigMap] // nil before the first
}

// parseName reads "namespace/name", the value of a flag.
func parseName(flag, text, example string) (types.NamespacedName, error) {
	namespace, name, ok := strings.Cut(text, "/")
	if !ok || namespace == "" || name == "" || strings.Contains(name, "/") {
		return types.NamespacedName{}, fmt.Errorf("got %s %q, want namespace/name, for example %s", flag, text, example)
	}
	return types.NamespacedName{Namespace: namespace, Name: name}, nil
}

// Changed loads a version of the ConfigMap.
func (s *configMapSource) Changed(configMap *corev1.ConfigMap) {
	s.last.Store(configMap)
	text, err := admission.RulesText(configMap.Data, configMap.BinaryData)
	if err != nil {
		if s.store.Lost(s.source, err.Error()) {
			s.events.rejected(configMap, err.Error())
		}
		return
	}
	offered := s.store.Offer(s.source, admission.RulesKey, []byte(text))
	switch {
	case offered.Err != nil:
		s.events.rejected(configMap, "the last good rules stay in force: "+offered.Err.Error())
	case offered.Recovered:
		s.events.loaded(configMap, "the rules are in force again, hash "+s.store.Set().Hash())
	}
}

// Deleted keeps the last good rules.
func (s *configMapSource) Deleted(configMap *corev1.ConfigMap) {
	const why = "the ConfigMap was deleted"
	if s.store.Lost(s.source, why) {
		s.events.rejected(configMap, why+"; the last good rules stay in force until holdfast restarts")
	}
}

// Synced says so if there is no ConfigMap at the start.
func (s *configMapSource) Synced() {
	if s.last.Load() == nil {
		s.store.Lost(s.source, "the ConfigMap does not exist")
	}
}

// warn makes an Event about something else that the rules ask for.
func (s *configMapSource) warn(reason, message string) {
	if configMap := s.last.Load(); configMap != nil {
		s.events.put(configMap, corev1.EventTypeWarning, reason, message)
	}
}
