package decide

import "github.com/holdfast-mesh/holdfast/rules"

// warnOfAdmitted tells who looks at a running pod that only its successor gets
// what the rules say now.
func warnOfAdmitted(pod *rules.Pod, warn *warnings) {
	head := "admitted before this rule: "
	if _, ours := pod.Annotations[rules.AppliedAnnotation]; ours {
		head = "admitted under other rules: "
	}
	warn.add(rules.WarnAdmittedBefore, head+"restart it, annotations of a running pod change nothing", "", "")
}
