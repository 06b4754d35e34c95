package main

import (
	"cmp"

	"github.com/holdfast-mesh/holdfast/rules"
	"github.com/holdfast-mesh/holdfast/rules/evidence/configmaps"
)

// inputConfigMaps are the ConfigMaps among the inputs, by namespace; nil if there are none.
type inputConfigMaps map[string]namespaceConfigMaps

// namespaceConfigMaps are those of one namespace, by name.
type namespaceConfigMaps map[string]*rules.ConfigMap

// ConfigMap implements rules.ConfigMaps.
func (n namespaceConfigMaps) ConfigMap(name string) *rules.ConfigMap { return n[name] }

// of returns those of a namespace. Where nobody gave any, nobody reads them; where some
// were given, one that is missing is worth telling.
func (c inputConfigMaps) of(namespace string) rules.ConfigMaps {
	if c == nil {
		return nil
	}
	return c[namespace]
}

// configMaps gathers the ConfigMaps among the inputs, as far as they are kept in a
// cluster too. Of two with one name the last counts, as it would for kubectl.
func (o *offline) configMaps(documents []document) (all inputConfigMaps) {
	for _, d := range documents {
		for _, c := range d.manifest.ConfigMaps() {
			namespace := cmp.Or(c.Namespace, o.namespace)
			if all == nil {
				all = inputConfigMaps{}
			}
			if all[namespace] == nil {
				all[namespace] = namespaceConfigMaps{}
			}
			all[namespace][c.Name] = configmaps.Reduce(c.Data)
		}
	}
	return all
}
