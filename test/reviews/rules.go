package reviews

import (
	"fmt"
	"strings"
)

// ManyRules is a file of n rules: some for every pod, most for one team, one
// application or one destination. Rules may be appended to the text.
func ManyRules(n int) string {
	var b strings.Builder
	b.WriteString("apiVersion: holdfast.dev/v1alpha1\nkind: Rules\nrules:\n")
	for i := range n {
		fmt.Fprintf(&b, "- name: rule-%d\n", i)
		switch i % 4 {
		case 0:
			fmt.Fprintf(&b, "  destinations: {middleware: [redis]}\n  workloads: {namespaces: [team-%d], referencing: true}\n  strategy: {idleTimeout: 48h}\n", i/20)
		case 1:
			fmt.Fprintf(&b, "  destinations: {ports: [%d], cidrs: [10.%d.%d.0/24]}\n  workloads: {namespaces: [team-%d]}\n  strategy: {idleTimeout: 24h, scope: Destinations}\n", 1024+i, i/256%256, i%256, i/20)
		case 2:
			fmt.Fprintf(&b, "  destinations: {cidrs: [10.%d.%d.0/24]}\n  workloads: {podSelector: {matchLabels: {app: app-%d}}}\n  strategy: {bypass: CIDRs}\n", i/256%256, i%256, i)
		case 3:
			fmt.Fprintf(&b, "  destinations: {ports: [3306], hosts: [\"*.db-%d.example.com\"]}\n  workloads: {namespaces: [team-%d]}\n  strategy: {idleTimeout: 24h, drainDuration: 12h}\n", i, i/20)
		}
	}
	return b.String()
}
