package decide

import "github.com/holdfast-mesh/holdfast/rules"

// warnOfEnabled warns of values of rules.EnabledKey that mean nothing: who wrote
// "no" or "False" believes to have opted out, or in.
func warnOfEnabled(pod *rules.Pod, warn *warnings) {
	for _, place := range [...]struct {
		name   string
		values map[string]string
	}{
		{"pod label ", pod.Labels},
		{"pod annotation ", pod.Annotations},
		{"namespace label ", pod.Namespace.Labels},
	} {
		if value, ok := place.values[rules.EnabledKey]; ok && value != on && value != off {
			warn.add(rules.WarnUnknownEnabled, place.name+rules.EnabledKey+` is "`, value, `": it does nothing, write "true" or "false"`)
		}
	}
}
