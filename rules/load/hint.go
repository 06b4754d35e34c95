package load

import (
	"slices"

	yaml "go.yaml.in/yaml/v4"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/holdfast-mesh/holdfast/rules"
	"github.com/holdfast-mesh/holdfast/rules/load/internal/grammar"
	"github.com/holdfast-mesh/holdfast/rules/load/internal/wire"
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

// unknownKey reports a key that the format does not know in the mapping at
// k.at, with where it belongs, or the nearest one that is known. of is its value.
func (l *loader) unknownKey(k value, of *yaml.Node, keys []wire.Key) {
	want := later(func() string { return grammar.OrList(names(keys)) })
	if k.Kind != yaml.ScalarNode {
		l.errorAt(k, unknownKey, "got %s as a key, want %s", describe(k.Node), want)
		return
	}
	hint := later(func() string {
		for _, home := range homes {
			if i := find(k.Node, home.keys); i >= 0 {
				return ": " + home.keys[i].Name + " belongs under " + home.name
			}
		}
		if meant := meantBy(k.Node, keys); meant != "" {
			return ": write " + meant
		}
		if isLabel := len(validation.IsQualifiedName(grammar.Clipped(k.Value))) == 0; isLabel && slices.Contains(names(keys), "matchLabels") && of.Kind == yaml.ScalarNode {
			return ": write matchLabels: {" + grammar.Clipped(k.Value) + ": " + grammar.Show(of.Value) + "}"
		}
		return ""
	})
	k.at = &path{up: k.at, key: k.Value, quoted: k.Value == ""}
	l.errorAt(k, unknownKey, "got key %s, want %s%s", grammar.Show(k.Value), want, hint)
}

func names(keys []wire.Key) []string {
	list := make([]string, len(keys))
	for i := range keys {
		list[i] = keys[i].Name
	}
	return list
}

// synonyms are names that other programs have for keys of the format: ss(8),
// meshConfig.tcpKeepalive, HAProxy, sysctl.
var synonyms = map[string]string{
	"idle": "time", "idletime": "time", "keepidle": "time", "tcpkeepidle": "time",
	"intvl": "interval", "keepintvl": "interval", "tcpkeepintvl": "interval",
	"count": "probes", "cnt": "probes", "keepcnt": "probes", "tcpkeepcnt": "probes", "retries": "probes",
	"drain": "drainDuration", "timeout": "idleTimeout",
}

// meantBy returns which key of a mapping an unknown one stands for: one written
// nearly like it, or one under which it belongs. Nothing if that is not plain.
func meantBy(k *yaml.Node, keys []wire.Key) string {
	if k.Kind != yaml.ScalarNode {
		return ""
	}
	known := names(keys)
	for _, home := range homes {
		if find(k, home.keys) >= 0 && slices.Contains(known, home.name) {
			return home.name
		}
	}
	if s := synonyms[grammar.PlainKey(k.Value)]; slices.Contains(known, s) {
		return s
	}
	return grammar.Nearest(k.Value, known)
}

// requiredHints say what to write for a required key.
var requiredHints = map[string]string{
	"apiVersion":   "write apiVersion: " + rules.APIVersion,
	"kind":         "write kind: " + rules.Kind,
	"name":         "give it a name of its own, such as redis",
	"destinations": "write for example destinations: {middleware: [redis]}",
	"strategy":     "write for example strategy: {idleTimeout: 48h}",
	"time":         "write for example time: 120s",
	"interval":     "write for example interval: 30s",
	"probes":       "write for example probes: 3",
	"namespace":    "name the namespace of the gateway's pods, such as istio-system",
	"selector":     "name the labels of the gateway's pods, such as {istio: ingressgateway}",
	"key":          "add it",
	"operator":     "write In, NotIn, Exists or DoesNotExist",
}
