package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/holdfast-mesh/holdfast/rules"
)

// Summaries go to standard error: what the results leave open, and how much there was.

// eachWorkload goes through the workloads of all documents.
func eachWorkload(documents []document, do func(w *workload)) {
	for _, d := range documents {
		for i := range d.workloads {
			do(&d.workloads[i])
		}
	}
}

// changes reports whether the rules want anything of the workload changed.
func (w *workload) changes() bool { return len(w.outcome.Set)+len(w.outcome.Remove) > 0 }

// printRemarks says of each workload why nothing changes in it, and what its author
// should know. A manifest that comes out as it went in shows none of that.
func printRemarks(notes io.Writer, documents []document) {
	eachWorkload(documents, func(w *workload) {
		if !w.changes() && w.outcome.Reason != rules.AlreadyApplied {
			fmt.Fprintf(notes, "%s: unchanged, %s: %s\n", w.title(), w.outcome.Reason, w.outcome.Detail)
		}
		for _, warning := range w.outcome.Warnings {
			fmt.Fprintf(notes, "%s: warning %s: %s\n", w.title(), warning.Code, warning.Message)
		}
	})
}

// printSummary says what was assumed of namespaces, and counts. It returns how many
// workloads change.
func printSummary(notes io.Writer, documents []document) (changed int) {
	workloads, assumed, notOptedIn := 0, map[string]bool{}, map[string]bool{}
	eachWorkload(documents, func(w *workload) {
		workloads++
		if w.changes() {
			changed++
		}
		namespace := &w.Pod.Namespace
		if !namespace.Known {
			assumed[namespace.Name] = true
		}
		if w.outcome.Reason == rules.NamespaceNotOptedIn {
			notOptedIn[namespace.Name] = true
		}
	})
	if workloads == 0 {
		fmt.Fprintln(notes, "no pod and no pod template in the input")
		return 0
	}
	if len(assumed) > 0 {
		fmt.Fprintf(notes, "labels of namespace %s are not known here: taken as opted in; add the Namespace to the input, or --namespace-labels\n", someOf(assumed))
	}
	for _, name := range slices.Sorted(maps.Keys(notOptedIn)) {
		fmt.Fprintf(notes, "namespace %s is not opted in: label it %s=true (here: --namespace-labels %s=true), or use --cluster-wide\n",
			name, rules.EnabledKey, rules.EnabledKey)
	}
	fmt.Fprintf(notes, "%s: %d patched, %d unchanged\n", count(workloads, "workload"), changed, workloads-changed)
	return changed
}

// someOf lists up to five names.
func someOf(names map[string]bool) string {
	const shown = 5
	list := slices.Sorted(maps.Keys(names))
	if len(list) > shown {
		return fmt.Sprintf("%s and %d more", strings.Join(list[:shown], ", "), len(list)-shown)
	}
	return strings.Join(list, ", ")
}

// count writes "1 error", "2 errors".
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
