package rules

import (
	"strings"

	yaml "go.yaml.in/yaml/v4"

	"github.com/holdfast-mesh/holdfast/rules/internal/wire"
)

// The known keys of each mapping.
var (
	fileKeys         = wire.Keys[wire.File]()
	meshKeys         = wire.Keys[wire.Mesh]()
	ruleKeys         = wire.Keys[wire.Rule]()
	destinationsKeys = wire.Keys[wire.Destinations]()
	workloadsKeys    = wire.Keys[wire.Workloads]()
	selectorKeys     = wire.Keys[wire.Selector]()
	requirementKeys  = wire.Keys[wire.Requirement]()
	strategyKeys     = wire.Keys[wire.Strategy]()
	keepaliveKeys    = wire.Keys[wire.Keepalive]()
	gatewayKeys      = wire.Keys[wire.Gateway]()
)

// homes say where keys that were put into a wrong mapping belong.
var homes = []struct {
	name string
	keys []wire.Key
}{
	{"destinations", destinationsKeys},
	{"workloads", workloadsKeys},
	{"strategy", strategyKeys},
	{"strategy.keepalive", keepaliveKeys},
	{"mesh", meshKeys},
	{"a rule (an item of rules)", ruleKeys},
	{"the top of the file", fileKeys},
}

// unknownKey reports a key that the format does not know, with the nearest one
// that it knows.
func (l *loader) unknownKey(k *yaml.Node, at *path, keys []wire.Key) {
	if k.Kind != yaml.ScalarNode {
		l.errorAt(k, UnknownKey, at, "got %s as a key, want %s", describe(k), orList(names(keys)))
		return
	}
	where := &path{up: at, key: clip(k.Value), user: !isDNSLabel(plainKey(k.Value))}
	for _, home := range homes {
		for _, key := range home.keys {
			if key.Name == k.Value {
				l.errorAt(k, UnknownKey, where, "got key %s, want %s: %s belongs under %s", show(k.Value), orList(names(keys)), key.Name, home.name)
				return
			}
		}
	}
	if near := nearest(k.Value, names(keys)); near != "" {
		l.errorAt(k, UnknownKey, where, "got key %s, want %s: write %s", show(k.Value), orList(names(keys)), near)
		return
	}
	l.errorAt(k, UnknownKey, where, "got key %s, want %s", show(k.Value), orList(names(keys)))
}

func names(keys []wire.Key) []string {
	list := make([]string, len(keys))
	for i := range keys {
		list[i] = keys[i].Name
	}
	return list
}

// clip keeps a hostile key from filling the report.
func clip(s string) string {
	if r := []rune(s); len(r) > 60 {
		return string(r[:60]) + "..."
	}
	return s
}

// requiredHint says what to write for a required key.
func requiredHint(key string) string {
	switch key {
	case "apiVersion":
		return "write apiVersion: " + APIVersion
	case "kind":
		return "write kind: " + Kind
	case "name":
		return "give it a name of its own, such as redis"
	case "destinations":
		return "write for example destinations: {middleware: [redis]}"
	case "strategy":
		return "write for example strategy: {idleTimeout: 48h}"
	case "time":
		return "write for example time: 120s"
	case "interval":
		return "write for example interval: 30s"
	case "probes":
		return "write for example probes: 3"
	case "namespace":
		return "name the namespace of the gateway's pods, such as istio-system"
	case "selector":
		return "name the labels of the gateway's pods, such as {istio: ingressgateway}"
	case "ports":
		return "list the ports that the gateway's pods listen on, such as [8443]"
	case "keepalive":
		return "write for example keepalive: {time: 300s, interval: 20s, probes: 4}"
	case "operator":
		return "write In, NotIn, Exists or DoesNotExist"
	}
	return "add it"
}

// nearest returns the word that s most likely is meant to be, or nothing.
func nearest(s string, words []string) string {
	plain := plainKey(s)
	if len(plain) > 40 {
		return ""
	}
	best, distance := "", 3
	for _, w := range words {
		other := plainKey(w)
		if other == plain || other == plain+"s" || other+"s" == plain {
			return w
		}
		// Half the letters wrong is another word.
		if d := editDistance(plain, other); d < distance && 2*d < len(other) {
			best, distance = w, d
		}
	}
	return best
}

// plainKey drops what separates idle_timeout, idle-timeout and idleTimeout.
func plainKey(s string) string {
	return strings.NewReplacer("_", "", "-", "", " ", "").Replace(strings.ToLower(s))
}

// editDistance counts inserted, deleted, replaced and swapped bytes.
func editDistance(a, b string) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
