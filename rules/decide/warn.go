package decide

import "github.com/holdfast-mesh/holdfast/rules"

// warnOfEnabled warns of values of rules.EnabledKey that mean nothing: who wrote
// "no" or "False" believes to have opted out, or in.
func warnOfEnabled(pod *rules.Pod, warn *rules.Warnings) {
	for _, place := range [...]struct {
		name   string
		values map[string]string
	}{
		{"pod label ", pod.Labels},
		{"pod annotation ", pod.Annotations},
		{"namespace label ", pod.Namespace.Labels},
	} {
		if value, ok := place.values[rules.EnabledKey]; ok && value != on && value != off {
			warn.Add(rules.WarnUnknownEnabled, place.name+rules.EnabledKey+` is "`, value, `": it does nothing, write "true" or "false"`)
		}
	}
}

// warnOfAdmitted tells who looks at a running pod that only its successor gets
// what the rules say now.
func warnOfAdmitted(pod *rules.Pod, warn *rules.Warnings) {
	head := "admitted before this rule: "
	if _, ours := pod.Annotations[rules.AppliedAnnotation]; ours {
		head = "admitted under other rules: "
	}
	warn.Add(rules.WarnAdmittedBefore, head+"restart it, annotations of a running pod change nothing", "", "")
}

// warnOfUnknownLabels names the first rule that fails only because nobody knows
// the namespace's labels. The index does not lead to all such rules.
func (s *Set) warnOfUnknownLabels(f *facts, warn *rules.Warnings) {
	if f.pod.Namespace.Known {
		return
	}
	for _, rule := range s.namespaceSelectors {
		if s.rules[rule].match(f) == rules.VerdictNamespaceLabelsUnknown {
			warn.Add(rules.WarnNamespaceLabelsUnknown, "namespace labels are unknown here: rule ", s.rules[rule].Name,
				" does not match by namespaceSelector")
			return
		}
	}
}

// warnOfUnknownNames warns of names in rules.MiddlewareAnnotation that mean
// nothing, if any rule looks at it at all.
func (s *Set) warnOfUnknownNames(f *facts, warn *rules.Warnings) {
	for _, declared := range f.found.Declared {
		if declared.Middleware == "" && !s.hasRule(declared.Name) {
			warn.Add(rules.WarnUnknownMiddleware, rules.MiddlewareAnnotation+": ", declared.Name, " is neither rule nor middleware; see `holdfast middleware`")
		}
	}
}

func (s *Set) hasRule(name string) bool {
	for i := range s.ofSidecars() {
		if s.rules[i].Name == name {
			return true
		}
	}
	return false
}
