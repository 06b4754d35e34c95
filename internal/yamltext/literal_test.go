package yamltext

import (
	"testing"
)

func TestEditLiterals(t *testing.T) {
	edits{
		// Texts of several lines.
		{Style{}, "a: |\n   b\n   c\n   d\n", set("", "a=b\nx\nd\n"), "a: |\n   b\n   x\n   d\n"},
		{Style{}, "a: |\n  b\n\n  c\n", set("", "a=b\n\nc\nd\n"), "a: |\n  b\n\n  c\n  d\n"},
		{Style{}, "a: |\n  b\n  c\n", set("", "a=x\nb\nc\n"), "a: |\n  x\n  b\n  c\n"},
		{Style{}, "a: |\n  b\n  c\n", set("", "a=b\nc"), "a: |-\n  b\n  c\n"},
		{Style{}, "a: |-\n  b\n  c\n", set("", "a=b\n"), "a: |\n  b\n"},
		{Style{}, "a: |+\n  b\n\n", set("", "a=b\n"), "a: |+\n  b\n"},
		{Style{}, "a: |+\n  b\n\n", set("", "a=b\n\n"), "a: |+\n  b\n\n"},
		{Style{}, "a: |\n  b\n\n\nc: d\n", set("", "a=x\n\n"), "a: |+\n  x\n\nc: d\n"},
		{Style{}, "a: |\n  b\n \nc: d\n", set("", "a=x\n\n", "e=f"), "a: |+\n  x\n \nc: d\ne: f\n"},
		{Style{}, "a: |\n  b\n\n", set("", "a=x\n\n", "e=f"), "a: |+\n  x\n\ne: f\n"},
		{Style{}, "a: |2\n   b\n  c\nd: |2 # e\n   x\n", set("", "a=  y\nc\n", "d=z"), "a: |2\n    y\n  c\nd: |2- # e\n  z\n"},
		{Style{}, "a: >-\n  b\n  c\nd: e\n", set("", "a=x\ny\n"), "a: |\n  x\n  y\nd: e\n"},
		{Style{}, "a: | # c\n  b\nd: e\n", set("", "a=\tx"), "a: \"\\tx\" # c\nd: e\n"},
		{Style{}, "a: | # c\n  b\nd: e\n", set("", "a=x y"), "a: |- # c\n  x y\nd: e\n"},
		{quoted, "a: &x | # c\n  b\n\nd: e\n", set("", "a=x\ny"), "a: \"x\\ny\" # c\n\nd: e\n"},
		{Style{}, "a: !!binary |\n  YQ==\nb: c\n", set("", "a=x\ny\n"), "a: |\n  x\n  y\nb: c\n"},
		{Style{}, "a: &x |\n  b\nb: c\n", set("", "a=x\ny\n"), "a: &x |\n  x\n  y\nb: c\n"},
		{Style{}, "a: |\nb: c\n", set("", "a=x\ny\n"), "a: |\n  x\n  y\nb: c\n"},
		{Style{}, "a: |\n  \n\nb: c\n", set("", "a=x\ny\n"), "a: |\n  x\n  y\n\nb: c\n"},
		{Style{}, "a: |", set("", "a=x\ny\n"), "a: |\n  x\n  y\n"},
		{Style{}, "a: |", set("", "a=x\ny"), "a: |-\n  x\n  y"},
		{Style{}, "a: |\n", set("", "a=x\ny"), "a: |-\n  x\n  y\n"},
		{Style{}, "a: |-\n  b\n  c", set("", "a=b\nd"), "a: |-\n  b\n  d"},
		{Style{}, "a: |-\n  b\n  c", set("", "a=x\nc"), "a: |-\n  x\n  c"},
		{Style{}, "a: |\n  b\n  c", set("", "a=x\nc\n"), "a: |\n  x\n  c\n"},
		{Style{}, "a: |-\n  b\n  c", set("", "a=b\nc\nd"), "a: |-\n  b\n  c\n  d"},
		{Style{}, "a: |-\n  b\n  c", set("", "a=b\nc\n"), "a: |\n  b\n  c\n"},
		{Style{}, "a: |\n  b\n  c\r\n", set("", "a=b\nx\n"), "a: |\n  b\n  x\n"},
		{
			Style{}, "a: \"b\"\nc: 'd'\ne: f\n", set("", "a=x\ny", "c=x\ny", "e= x\ny", "g=\n", "h=\nx\n", "i=x\n\n"),
			"a: \"x\\ny\"\nc: |-\n  x\n  y\ne: \" x\\ny\"\ng: \"\\n\"\nh: |\n\n  x\ni: |+\n  x\n\n",
		},
		{Style{}, "a: b\n\nc: d\n", set("", "a=x\n\n"), "a: \"x\\n\\n\"\n\nc: d\n"},
		{Style{}, "a: b\n     # c\nd: e\n", set("", "a=x\n"), "a: \"x\\n\"\n     # c\nd: e\n"},
		{Style{}, "a:\n  b: c\n\nd: e\n", set("a", "x=y\n\n"), "a:\n  b: c\n  x: \"y\\n\\n\"\n\nd: e\n"},
		{Style{}, "a:\n  b: c\n     # x\nd: e\n", set("a", "x=y\n"), "a:\n  b: c\n  x: \"y\\n\"\n     # x\nd: e\n"},
		{Style{}, "a:\n  b: c\n   # x\nd: e\n", set("a", "x=y\n"), "a:\n  b: c\n  x: |\n    y\n   # x\nd: e\n"},
		{Style{}, "a:\n  b: c\n\nd: e\n", set("a", "b=x\n\n", "y=z"), "a:\n  b: |+\n    x\n\n  \"y\": z\n\nd: e\n"},
		{Style{}, "a:\n  b: c\n\nd: e\n", set("a", "b=x\n\n"), "a:\n  b: \"x\\n\\n\"\n\nd: e\n"},
	}.run(t)
}
