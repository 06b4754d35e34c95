package load

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/holdfast-mesh/holdfast/rules"
)

// rulesOfTeams is a file as a platform team generates it: a few rules for every
// team, about 160 bytes each.
func rulesOfTeams(n int) []byte {
	var b strings.Builder
	b.WriteString(header + "rules:\n")
	for i := range n {
		fmt.Fprintf(&b, "- name: rule-%d\n", i)
		switch i % 4 {
		case 0:
			fmt.Fprintf(&b, "  destinations: {middleware: [redis]}\n  workloads: {namespaces: [team-%d], referencing: true}\n  strategy: {idleTimeout: 48h}\n", i/20)
		case 1:
			fmt.Fprintf(&b, "  destinations: {ports: [%d], cidrs: [10.%d.%d.0/24]}\n  strategy: {idleTimeout: 24h, scope: Destinations}\n", 1024+i, i/256%256, i%256)
		case 2:
			fmt.Fprintf(&b, "  destinations: {cidrs: [10.%d.%d.0/24]}\n  workloads: {podSelector: {matchLabels: {app: app-%d}}}\n  strategy: {bypass: CIDRs}\n", i/256%256, i%256, i)
		case 3:
			fmt.Fprintf(&b, "  destinations: {ports: [3306], hosts: [\"*.db-%d.example.com\"]}\n  workloads: {namespaces: [team-%d]}\n  strategy: {idleTimeout: 24h, keepalive: {time: 120s, interval: 30s, probes: 3}, drainDuration: 12h}\n", i, i/20)
		}
	}
	return []byte(b.String())
}

// BenchmarkLoad10000 loads 10,000 rules, 1.6 MB. heap-KB is what stays.
func BenchmarkLoad10000(b *testing.B) {
	data := rulesOfTeams(10_000)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	var file *rules.File
	for b.Loop() {
		var problems Problems
		if file, problems = Rules("rules.yaml", data); file == nil {
			b.Fatal(problems)
		}
	}
	b.StopTimer()
	var with, without runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&with)
	runtime.KeepAlive(file)
	file = nil
	runtime.GC()
	runtime.ReadMemStats(&without)
	b.ReportMetric(float64(int64(with.HeapAlloc)-int64(without.HeapAlloc))/1024, "heap-KB")
}

// BenchmarkLoadConflicts loads 10,000 rules that all speak of one port: the
// worst case for comparing rules.
func BenchmarkLoadConflicts(b *testing.B) {
	var text strings.Builder
	text.WriteString(header + "rules:\n")
	for i := range 10_000 {
		fmt.Fprintf(&text, "- {name: r%d, destinations: {ports: [6379], cidrs: [10.%d.%d.0/24]}, strategy: {idleTimeout: %dh}}\n", i, i/256, i%256, 2+i%7)
	}
	b.ReportAllocs()
	for b.Loop() {
		if file, problems := Rules("rules.yaml", []byte(text.String())); file == nil {
			b.Fatal(problems)
		}
	}
}
