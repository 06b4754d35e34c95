package proxyconfig

import (
	"fmt"
	"strings"
	"testing"

	"github.com/holdfast-mesh/holdfast/istio"

	"pgregory.net/rapid"
)

// drawConfig writes a ProxyConfig as some person or program might: fields
// known and unknown, in block or flow style, with comments, odd indentation,
// either spelling and any line ends. No "#" stands in a value.
func drawConfig(t *rapid.T) string {
	eol := rapid.SampledFrom([]string{"\n", "\n", "\n", "\r\n"}).Draw(t, "eol")
	root := strings.Repeat(" ", rapid.SampledFrom([]int{0, 0, 0, 2, 3}).Draw(t, "root"))
	step := strings.Repeat(" ", rapid.IntRange(1, 5).Draw(t, "step"))
	comment := rapid.SampledFrom([]string{"", "", " # why", "\t# a: b", "   "})
	var lines []string
	between := func() {
		lines = append(lines, rapid.SliceOfN(rapid.SampledFrom([]string{"", "# note", "      # deep", root + "# x: {"}), 0, 2).Draw(t, "between")...)
	}
	names := []string{
		"proxyMetadata", "proxy_metadata", "drainDuration", "drain_duration", "concurrency", "x-list",
		"x-text", "x-map", "holdApplicationUntilProxyStarts", "hold_application_until_proxy_starts", "'x quoted'",
	}
	fields := rapid.SliceOfNDistinct(rapid.SampledFrom(names), 0, 6, rapid.ID).Draw(t, "fields")
	if rapid.IntRange(0, 9).Draw(t, "marker") == 0 {
		lines = append(lines, "---")
	}
	for _, name := range fields {
		between()
		c := comment.Draw(t, "comment")
		switch name {
		case "proxyMetadata", "proxy_metadata":
			lines = append(lines, drawMetadata(t, root, step, name, c)...)
		case "drainDuration", "drain_duration":
			lines = append(lines, root+name+": "+rapid.SampledFrom([]string{"45s", "\"60s\"", "'1h'", "~", ""}).Draw(t, "drain")+c)
		case "concurrency":
			lines = append(lines, root+"concurrency: 2"+c)
		case "x-list":
			lines = append(lines, root+"x-list:"+c, root+"- a", root+"- {b: c}"+c)
		case "x-text":
			lines = append(lines, root+"x-text: "+rapid.SampledFrom([]string{"|", ">", "|-", "|+"}).Draw(t, "block"),
				root+step+"first line", "", root+step+"proxyMetadata: {}")
		case "x-map":
			lines = append(lines, root+"x-map: {a: [1, 2.5, yes], \"b\":c, d: 'it''s'}"+c)
		case "holdApplicationUntilProxyStarts", "hold_application_until_proxy_starts":
			lines = append(lines, root+name+": "+rapid.SampledFrom([]string{"true", "false", "~", "", "Off"}).Draw(t, "hold")+c)
		default:
			lines = append(lines, root+name+": true"+c)
		}
	}
	between()
	text := strings.Join(lines, eol)
	if text != "" && rapid.Bool().Draw(t, "last") {
		text += eol
	}
	return text
}

var drawnKeys = []string{
	"FOO", "ISTIO_META_DNS_CAPTURE", istio.IdleTimeoutMetadata, istio.HoldfastMetadata, istio.DestinationsMetadataPrefix + "1",
	istio.DestinationsMetadataPrefix + "2", istio.KeepaliveMetadata,
}

func drawMetadata(t *rapid.T, root, step, name, comment string) []string {
	keys := rapid.SliceOfNDistinct(rapid.SampledFrom(drawnKeys), 0, 4, rapid.ID).Draw(t, "keys")
	value := rapid.SampledFrom([]string{"plain", "48h", "'single'", "\"48h\"", "\"^[[]x[]]:[0-9]+$\"", "~", "'it''s'", "two words"})
	style := rapid.SampledFrom([]string{"block", "block", "flow", "lines", "json", "null"}).Draw(t, "style")
	var entries []string
	for _, key := range keys {
		quote := rapid.SampledFrom([]string{"", "", "'", "\""}).Draw(t, "quote")
		if style == "json" {
			entries = append(entries, fmt.Sprintf("%q:%q", key, "json"))
			continue
		}
		entries = append(entries, quote+key+quote+": "+value.Draw(t, "value"))
	}
	head := root + name + ":"
	switch {
	case style == "flow" || style == "json":
		comma := rapid.SampledFrom([]string{"", ","}).Draw(t, "comma")
		if len(entries) == 0 {
			comma = ""
		}
		return []string{head + " {" + strings.Join(entries, ", ") + comma + "}" + comment}
	case style == "lines":
		lines := []string{head + " {"}
		for _, e := range entries {
			lines = append(lines, root+step+e+","+comment)
		}
		return append(lines, root+step+"}")
	case style == "null" || len(entries) == 0:
		return []string{head + rapid.SampledFrom([]string{"", " ~", " null", " {}"}).Draw(t, "null") + comment}
	}
	lines := []string{head + comment}
	for _, e := range entries {
		lines = append(lines, root+step+e+comment)
		if rapid.IntRange(0, 3).Draw(t, "inner") == 0 {
			lines = append(lines, root+step+"# inner")
		}
	}
	return lines
}

func drawEdit(t *rapid.T) Edit {
	edit := Edit{
		SetMetadata: rapid.MapOfN(rapid.SampledFrom(drawnKeys),
			rapid.SampledFrom([]string{"48h", "v1", "^(10[.]20[.][0-9]+|[[]::1[]]):(1|2)$", "plain", ""}), 0, 3).Draw(t, "set"),
		RemoveMetadata: rapid.SliceOfN(rapid.SampledFrom(drawnKeys), 0, 3).Draw(t, "remove"),
	}
	edit.SetFields = map[Field]string{}
	if rapid.Bool().Draw(t, "drain") {
		edit.SetFields[DrainDuration] = "43200s"
	}
	if rapid.Bool().Draw(t, "hold") {
		edit.SetFields[HoldApplication] = rapid.SampledFrom([]string{"true", "false"}).Draw(t, "held")
	}
	return edit
}

// Any edit of any configuration: Istio accepts the result, the edit is in it,
// every other value and every comment stays, every line that the edit does not
// concern stays as it was, and a second edit changes nothing.
func TestProxyConfigEditProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text, edit := drawConfig(t), drawEdit(t)
		config, err := Parse(text)
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		got, err := config.Edit(edit)
		if err != nil {
			t.Fatalf("%q: %+v: %v", text, edit, err)
		}
		checkEdited(t, text, edit, got)
		if before, after := fmt.Sprint(comments(text)), fmt.Sprint(comments(got)); before != after {
			t.Fatalf("%q: %+v: comments changed in %q", text, edit, got)
		}
		checkLines(t, text, edit, got)
	})
}

// checkLines wants every line of the old text in the new one, in order, but
// for those that name a key of the edit or a field that it is in.
func checkLines(t *rapid.T, before string, edit Edit, after string) {
	concerned := []string{"roxyMetadata", "roxy_metadata", "drainDuration", "drain_duration", "holdApplication", "hold_application", "{", "}", ","}
	for key := range edit.SetMetadata {
		concerned = append(concerned, key)
	}
	concerned = append(concerned, edit.RemoveMetadata...)
	rest := strings.Split(after, "\n")
	for line := range strings.SplitSeq(before, "\n") {
		free := true
		for _, word := range concerned {
			free = free && !strings.Contains(line, word)
		}
		if !free {
			continue
		}
		for len(rest) > 0 && strings.TrimSuffix(rest[0], "\r") != strings.TrimSuffix(line, "\r") {
			rest = rest[1:]
		}
		if len(rest) == 0 {
			t.Fatalf("%q: %+v: line %q is lost in %q", before, edit, line, after)
		}
		rest = rest[1:]
	}
}

// Whatever the text, nothing panics; and where Edit gives a result, it keeps
// its promises.
func FuzzProxyConfig(f *testing.F) {
	for _, seed := range []string{
		"", typicalProxyConfig, `{"proxyMetadata":{"A":"b"},}`, "# c", "---\na: b\n...\n", "proxyMetadata:\r\n  A: |+\r\n    b\r\n\r\n",
		"x: &x {A: b}\nproxyMetadata:\n  <<: *x\n", "proxyMetadata: *x", "? a\n: b", "\ufeffa: b\u0085c: d", "a: !!str &x\n  b\n",
		"proxyMetadata: {ISTIO_META_HOLDFAST_DESTINATIONS_2: ^x$, A, 'B': \"c\"}",
	} {
		f.Add(seed, true, true, true)
	}
	f.Fuzz(func(t *testing.T, text string, set, remove, drain bool) {
		config, err := Parse(text)
		if err != nil {
			return
		}
		var edit Edit
		if set {
			edit.SetMetadata = typicalEdit.SetMetadata
		}
		if remove {
			edit.RemoveMetadata = typicalEdit.RemoveMetadata
		}
		if drain {
			edit.SetFields = typicalEdit.SetFields
		}
		if got, err := config.Edit(edit); err == nil {
			checkEdited(t, text, edit, got)
		}
	})
}
