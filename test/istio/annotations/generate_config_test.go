package annotations_test

import (
	"fmt"
	"slices"
	"strings"

	"pgregory.net/rapid"
)

// field is one key of a ProxyConfig in the ways that people write it: as a
// line of block YAML, and as a member of a flow mapping or of JSON.
type field struct {
	key   string
	block string // after "key:", lines separated by \n with two blanks a level
	json  string
}

// fields that a pod may have beside proxyMetadata.
var fields = []field{
	{"concurrency", " 2", "2"},
	{"holdApplicationUntilProxyStarts", " true # wait", "true"},
	{"hold_application_until_proxy_starts", " true", "true"},
	{"drainDuration", " 60s", `"60s"`},
	{"drain_duration", " \"75s\"", `"75s"`},
	{"terminationDrainDuration", " '30s'", `"30s"`},
	{"tracing", "\n  sampling: 10\n  # who collects\n  zipkin:\n    address: zipkin:9411", `{"sampling": 10, "zipkin": {"address": "zipkin:9411"}}`},
	{"image", "\n  imageType: distroless", `{"imageType": "distroless"}`},
	{"proxyStatsMatcher", "\n  inclusionPrefixes:\n  - cluster\n  - listener", `{"inclusionPrefixes": ["cluster", "listener"]}`},
	{"gatewayTopology", " {numTrustedProxies: 2}", `{"numTrustedProxies": 2}`},
	{"fieldOfTheFuture", "\n  nested: [1, 2, {a: b}]", `{"nested": [1, 2, {"a": "b"}]}`},
	{"extraStatTags", "\n- one\n- two", `["one", "two"]`},
	// Wrong types: Istio denies the pod.
	{"concurrency", " many", `"many"`},
	{"drainDuration", " soon", `"soon"`},
	{"tracing", " yes", `"yes"`},
}

// entries of proxyMetadata, each as key and value with its quoting.
var entries = [][2]string{
	{"ISTIO_META_DNS_CAPTURE", `"true"`},
	{"ISTIO_META_IDLE_TIMEOUT", `"12h"`},
	{"ISTIO_META_IDLE_TIMEOUT", `"2d"`},
	{"ISTIO_META_IDLE_TIMEOUT", `""`},
	{"ISTIO_META_HOLDFAST", `"v1"`},
	{"ISTIO_META_HOLDFAST_DESTINATIONS_1", `"^10[.]1[.]2[.]3:6379$"`},
	{"ISTIO_META_HOLDFAST_DESTINATIONS_8", `"^stale$"`},
	{"ISTIO_META_HOLDFAST_KEEPALIVE", `"60s-10s-5"`},
	{"PLAIN", `"value with blanks, commas: and # hashes"`},
	{"UNICODE", `"caf\u00e9 \t tab"`},
	{"EMPTY", `""`},
	{"NUMBER", `1`},     // Istio wants strings
	{"BOOLEAN", `true`}, // here too
	{"NULL", `null`},
}

// proxyConfig draws a proxy.istio.io/config in one of the styles that are
// found in the wild; one in six has a random character changed.
var proxyConfig = rapid.Custom(func(t *rapid.T) string {
	chosen := rapid.SliceOfNDistinct(rapid.IntRange(0, len(fields)-1), 0, 4, func(i int) string { return fields[i].key }).Draw(t, "fields")
	metadata := rapid.SampledFrom([]string{"", "proxyMetadata", "proxy_metadata", "proxyMetadata"}).Draw(t, "metadata key")
	var members [][2]string
	if metadata != "" {
		for _, i := range rapid.SliceOfNDistinct(rapid.IntRange(0, len(entries)-1), 0, 4, func(i int) string { return entries[i][0] }).Draw(t, "entries") {
			members = append(members, entries[i])
		}
	}
	at := rapid.IntRange(0, len(chosen)).Draw(t, "metadata at")
	var text string
	switch rapid.SampledFrom([]string{"block", "block", "json", "flow", "pretty"}).Draw(t, "style") {
	case "block":
		text = blockStyle(t, chosen, metadata, members, at)
	case "json":
		text = "{" + strings.Join(jsonMembers(chosen, metadata, members, at, ""), ",") + "}"
	case "flow":
		text = strings.ReplaceAll("{"+strings.Join(jsonMembers(chosen, metadata, members, at, " "), ", ")+"}", `"concurrency"`, "concurrency")
	case "pretty":
		text = "{\n  " + strings.Join(jsonMembers(chosen, metadata, members, at, " "), ",\n  ") + "\n}\n"
	}
	switch rapid.IntRange(0, 11).Draw(t, "twist") {
	case 0:
		text = strings.ReplaceAll(text, "\n", "\r\n")
	case 1:
		text = "---\n" + text
	case 2, 3:
		text = mutate(t, text)
	}
	return text
})

func blockStyle(t *rapid.T, chosen []int, metadata string, members [][2]string, at int) string {
	indent := rapid.SampledFrom([]string{"  ", "    ", " "}).Draw(t, "indent")
	var lines []string
	for _, i := range chosen {
		lines = append(lines, fields[i].key+":"+fields[i].block)
	}
	if metadata != "" {
		lines = slices.Insert(lines, at, metadata+":"+blockMetadata(t, indent, members))
	}
	if rapid.Bool().Draw(t, "comments") {
		lines = slices.Insert(lines, rapid.IntRange(0, len(lines)).Draw(t, "comment at"), "# set by the platform team\n")
	}
	text := strings.Join(lines, "\n")
	return text + rapid.SampledFrom([]string{"\n", "", "\n\n", " # end", "\n# end\n"}).Draw(t, "end")
}

func blockMetadata(t *rapid.T, indent string, members [][2]string) string {
	if rapid.IntRange(0, 3).Draw(t, "flow metadata") == 0 {
		var parts []string
		for _, m := range members {
			parts = append(parts, m[0]+": "+m[1])
		}
		return " {" + strings.Join(parts, ", ") + "}"
	}
	var b strings.Builder
	for _, m := range members {
		value := m[1]
		switch rapid.IntRange(0, 3).Draw(t, "quotes") {
		case 0: // single quotes: escapes become text
			if strings.HasPrefix(value, `"`) {
				value = "'" + strings.Trim(value, `"`) + "'"
			}
		case 1:
			value += " # why"
		}
		fmt.Fprintf(&b, "\n%s%s: %s", indent, m[0], value)
	}
	return b.String()
}

func jsonMembers(chosen []int, metadata string, members [][2]string, at int, blank string) []string {
	var list []string
	for _, i := range chosen {
		list = append(list, fmt.Sprintf("%q:%s%s", fields[i].key, blank, fields[i].json))
	}
	if metadata != "" {
		var parts []string
		for _, m := range members {
			parts = append(parts, fmt.Sprintf("%q:%s%s", m[0], blank, m[1]))
		}
		list = slices.Insert(list, at, fmt.Sprintf("%q:%s{%s}", metadata, blank, strings.Join(parts, ","+blank)))
	}
	return list
}

// mutate replaces, removes or inserts one character.
func mutate(t *rapid.T, text string) string {
	character := rapid.SampledFrom([]string{"", "\n", " ", "\t", ":", "{", "}", "[", "\"", "'", "#", "-", "|", "&a ", "*a", "!", "%", "é", "0"}).Draw(t, "character")
	at := rapid.IntRange(0, len(text)).Draw(t, "at")
	until := min(len(text), at+rapid.IntRange(0, 1).Draw(t, "remove"))
	return text[:at] + character + text[until:]
}
