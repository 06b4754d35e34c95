package yamltext

import (
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
)

func TestEditAnchors(t *testing.T) {
	edits{
		// Anchors and aliases.
		{Style{}, "a: &x b\nc: *x\n", set("", "c=d"), "a: &x b\nc: d\n"},
		{
			Style{},
			"a: &x b\nc: *x\n", set("", "a=d"),
			"! 1:4: got a value that its anchor &x shares, so a change would show elsewhere too; write it out where *x is used",
		},
		{Style{}, "a: &x b\nc: *x\n", inline(set("", "a=d"), "a"), "a: d\nc: \"b\"\n"},
		{Style{}, "a: &x b\nc: *x\nd: e\n", inline(set("", "a=d", "c=e"), "a", "a", "d"), "a: d\nc: e\nd: e\n"},
		{Style{}, "a: &x b\nc: *x\n", inline(set("", "a=d", "-c"), "a"), "a: d\n"},
		{Style{}, "{a: &x b, c: *x}\n", inline(set("", "a=d", "-c"), "a"), "{a: d}\n"},
		{Style{}, "a: &x b\nc: *x\n", set("", "-a"), "! 1:4: got an anchor &x that cannot be removed, because *x is used elsewhere; write it out there"},
		{Style{}, "a: &x b\nc: *x\n", inline(set("", "-a"), "a"), "c: \"b\"\n"},
		{Style{}, "a: [&x b, *x]\nc: d\n", set("", "-a"), "c: d\n"},
		{Style{}, "{a: &x b, c: *x}\n", set("", "-a"), "! 1:5: got an anchor &x that cannot be removed, because *x is used elsewhere; write it out there"},
		{Style{}, "{a: &x b,*x : c}\n", set("", "-a"), "! 1:5: got an anchor &x that cannot be removed, because *x is used elsewhere; write it out there"},
		{Style{}, "{&x a: b, c: *x}\n", set("", "-a"), "! 1:2: got an anchor &x that cannot be removed, because *x is used elsewhere; write it out there"},
		{Style{}, "&x a: b\nc: *x\n", set("", "-a"), "! 1:1: got an anchor &x that cannot be removed, because *x is used elsewhere; write it out there"},
		{
			Style{},
			"a: &x {b: c}\nd: *x\n", set("a", "b=e"),
			"! 1:4: got a mapping that its anchor &x shares, so a change would show elsewhere too; write it out where *x is used",
		},
		{Style{}, "a: &x {b: c}\nd: *x\n", inline(set("a", "b=e"), "a"), "a: &x {b: e}\nd: {\"b\": \"c\"}\n"},
		{
			Style{},
			"a: &x\n  b: [~, 1, 'é', \"\\n\", {}, {d: , <<: {}}]\nd: *x\n", inline(set("a", "c=e"), "a"),
			"a: &x\n  b: [~, 1, 'é', \"\\n\", {}, {d: , <<: {}}]\n  c: e\nd: {\"b\": [~, 1, \"é\", \"\\n\", {}, {\"d\": null, <<: {}}]}\n",
		},
		{
			Style{},
			"a: &x {b: !foo c}\nd: *x\n", inline(set("a", "b=e"), "a"),
			"! 1:11: got a tag inside of an anchor that is to be written out; write it out here",
		},
		{Style{}, "a: &x {b: !!str 1, c: !!map {}}\nd: *x\n", inline(set("a", "b=e"), "a"), "a: &x {b: e, c: !!map {}}\nd: {\"b\": \"1\", \"c\": {}}\n"},
		{
			Style{},
			"z: &z 1\na: &x {b: *z}\nd: *x\n", inline(set("a", "b=e"), "a"),
			"! 2:11: got an alias inside of an anchor that is to be written out; write it out here",
		},
		{
			Style{},
			"a: &x {b: " + strings.Repeat("é", 12000) + "}\nd: [*x, *x, *x]\n", inline(set("a", "b=e"), "a"),
			"! 1:4: got an anchor &x that is used too often to write it out everywhere; write it out here",
		},
		{
			Style{},
			"w: &w\n  a: {b: c}\nd: *w\n", func(e *Edit, root *yaml.Node) { set("a", "b=e")(e, root.Content[1]) },
			"! 2:6: got a mapping that its anchor &w shares, so a change would show elsewhere too; write it out where *w is used",
		},
		{
			Style{},
			"w: &w\n  a: &a {b: c}\n  f: *a\nd: *w\n", func(e *Edit, root *yaml.Node) {
				e.Inline(Direct(root.Content[1], "a"))
				set("a", "b=e")(e, root.Content[1])
			},
			"! 2:6: got a mapping that its anchor &w shares, so a change would show elsewhere too; write it out where *w is used",
		},
		{
			Style{},
			"a: &x " + strings.Repeat("b", 64<<10-2) + "\nc: *x\n", inline(set("", "a=d"), "a"),
			"a: d\nc: \"" + strings.Repeat("b", 64<<10-2) + "\"\n",
		},
	}.run(t)
}
