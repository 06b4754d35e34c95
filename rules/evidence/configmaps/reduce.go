// Package configmaps says what of a ConfigMap is kept: the texts that can show an address
// of middleware, whether as variables or in files that a pod is shown, without secrets.
package configmaps

import (
	"maps"
	"net/netip"
	"slices"
	"strings"

	"github.com/holdfast-mesh/holdfast/rules"
	"github.com/holdfast-mesh/holdfast/rules/evidence/settings"
	"github.com/holdfast-mesh/holdfast/rules/evidence/vocabulary"
)

// Bounds of what is kept of one ConfigMap. Its API server takes a mebibyte.
// Source: https://kubernetes.io/docs/concepts/configuration/configmap/#motivation
const (
	maxKept  = 16 << 10 // bytes of names and values
	maxPlain = 512      // bytes of a value that is kept as it is written
)

// Reduce keeps of a ConfigMap's data what can be evidence. It reads everything once; of
// data that has more than maxKept, the keys that come first count.
func Reduce(data map[string]string) *rules.ConfigMap {
	k := keeper{}
	for _, key := range slices.Sorted(maps.Keys(data)) {
		k.key(key, data[key])
	}
	if len(k.kept) == 0 {
		return nothing
	}
	return rules.NewConfigMap(k.kept)
}

// nothing is what most ConfigMaps are reduced to: certificates, graphs, locks.
var nothing = rules.NewConfigMap(nil)

// keeper collects what is kept.
type keeper struct {
	kept   []rules.Setting
	size   int
	reader reader
}

func (k *keeper) key(key, value string) {
	if vocabulary.ServersOwn(key) != "" {
		// That there is such a variable tells a server from its clients.
		k.add(key, "", withheld)
	}
	if isSecret(key) {
		return
	}
	if !isFile(key, value) {
		k.keep(key, "", value, "")
		return
	}
	own := ownConfiguration(key)
	settings.Read(key, value, func(name, value string) bool {
		if !isSecret(name) {
			k.keep(key, name, value, own)
		}
		return k.size < maxKept
	})
}

// isFile reports whether a value is a file's content, and no variable's value.
func isFile(key, value string) bool {
	return strings.Contains(strings.TrimRight(value, "\r\n \t"), "\n") || settings.Known(key)
}

// keep keeps one setting if it can be evidence; of a server's own configuration what it
// says of other servers.
func (k *keeper) keep(key, name, value, own string) {
	called := name
	if name == "" {
		called = key
	}
	value = strings.TrimSpace(value)
	if own != "" && !k.reader.saysOther(called, value, own) {
		return
	}
	if value = k.text(called, value); value != "" {
		k.add(key, name, value)
	}
}

// withheld is kept in place of a value that says nothing.
const withheld = "-"

func (k *keeper) add(key, name, value string) {
	if k.size >= maxKept {
		return
	}
	k.size += len(key) + len(name) + len(value)
	k.kept = append(k.kept, rules.Setting{Key: key, Name: strings.Clone(name), Value: strings.Clone(value)})
}

// text is what is kept of a value, or nothing.
func (k *keeper) text(name, value string) string {
	switch {
	case len(value) > maxPlain || !isPlain(value):
		return k.reader.addresses(name, value)
	case says(name, value) || isAddress(value):
		return value
	}
	return ""
}

// isSecret reports whether a name is that of a secret, for sure or perhaps.
func isSecret(name string) bool { return vocabulary.IsSecret(name) || vocabulary.MayHoldSecret(name) }

// isPlain reports whether a value is a word, a number, or a list of hosts, with ports or
// without: in no other text may a password stand that its name does not tell.
func isPlain(value string) bool {
	for item := range strings.SplitSeq(value, ",") {
		item = strings.TrimSpace(item)
		if scheme, rest, ok := strings.Cut(item, "://"); ok && isWord(scheme) {
			item = rest // a URL of nothing but hosts
		}
		if _, err := netip.ParseAddrPort(item); err == nil {
			continue
		}
		if _, err := netip.ParseAddr(strings.Trim(item, "[]")); err == nil {
			continue
		}
		host, port, ok := strings.Cut(item, ":")
		if ok && (port == "" || len(port) > len("65535") || strings.Trim(port, "0123456789") != "") || !isWord(host) {
			return false
		}
	}
	return true
}

func isWord(text string) bool {
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '.', c == '_':
		default:
			return false
		}
	}
	return true
}

// says reports whether a name says that its value is an address, or what belongs to one:
// a port, which middleware it is, or that there is none.
func says(name, value string) bool {
	role, prefix := vocabulary.Ending(name)
	switch role {
	case vocabulary.Host, vocabulary.PlainHost:
		return true
	case vocabulary.Port:
		return strings.Trim(value, "0123456789,") == ""
	case vocabulary.Type, vocabulary.Database:
		kind, off := vocabulary.TypeOf(value)
		return kind != "" || off
	}
	_, isSwitch := vocabulary.Switch(name, value, role, prefix)
	return isSwitch || vocabulary.Read(name).Address || vocabulary.Known(name) != ""
}

// isAddress reports whether a plain value is an address, or the name of a middleware,
// whatever its key is called: the variable that it is for may be called otherwise.
func isAddress(value string) bool {
	if kind, _ := vocabulary.TypeOf(value); kind != "" || strings.Contains(value, ":") {
		return true
	}
	last := strings.LastIndexByte(value, '.')
	if last < 0 {
		return false
	}
	if ip, err := netip.ParseAddr(value); err == nil {
		return !ip.IsUnspecified()
	}
	// A name within the cluster or the internet: no version, no file.
	return strings.Trim(value[last+1:], "abcdefghijklmnopqrstuvwxyz") == "" && (strings.Count(value, ".") > 1 || slices.Contains(topLevel, value[last+1:]))
}

// topLevel are the last labels that tell the shortest names from files.
var topLevel = []string{"com", "internal", "io", "local", "net", "org", "svc"}
