package yamltext

import (
	"testing"
)

func TestEditFlow(t *testing.T) {
	edits{
		// In braces.
		{Style{}, "{a: b, 'c': 'd', \"e\":\"f\"}", set("", "a=1", "c=2", "e=3", "g=h"), "{a: \"1\", 'c': '2', \"e\":\"3\", \"g\":\"h\"}"},
		{quoted, "{a: b, 'c': d}", set("", "a=1", "c=2", "g=h"), "{a: \"1\", 'c': \"2\", 'g': \"h\"}"},
		{Style{}, "{a: b, 'c': 'd'}", set("", "g=h", "i=j\nk"), "{a: b, 'c': 'd', 'g': 'h', 'i': \"j\\nk\"}"},
		{Style{}, "{ a: b }", set("", "g=h"), "{ a: b, g: h }"},
		{Style{}, "{a: b,c: d,}", set("", "g=h"), "{a: b,c: d,g: h,}"},
		{Style{}, "{a: , b}", set("", "a=x", "b=y", "c=z"), "{a: x , b: \"y\", c: z}"},
		{Style{}, "{a: , \"b\"}", set("", "b=y"), "{a: , \"b\": \"y\"}"},
		{Style{}, "{a, \"b\"}", set("", "a=x y", "c=z"), "{a: \"x y\", \"b\", \"c\": z}"},
		{Style{}, "{a: b, c:}", set("", "d=z"), "{a: b, c: , d: z}"},
		{Style{}, "{\n  a: b, # c\n  d: e # f\n}\n", set("", "x=y"), "{\n  a: b, # c\n  d: e,\n  x: \"y\" # f\n}\n"},
		{Style{}, "{\r\n    a: b\r\n  }\r\n", add("x", Entry{Key: "y", Text: "z"}), "{\r\n    a: b,\r\n    x: {\r\n      \"y\": z\r\n    }\r\n  }\r\n"},
		{Style{}, "{ # c\n  a: b\n}\n", add("x", Entry{Key: "y", Text: "z"}), "{ # c\n  a: b, x: {\"y\": z}\n}\n"},
		{Style{}, "{a: b,\n c: d}\n", set("", "x=y"), "{a: b,\n c: d, x: \"y\"}\n"},
		{Style{}, "{a: b, c: d, e: f}", set("", "-a"), "{c: d, e: f}"},
		{Style{}, "{a: b, c: d, e: f}", set("", "-c"), "{a: b, e: f}"},
		{Style{}, "{a: b, c: d, e: f}", set("", "-e"), "{a: b, c: d}"},
		{Style{}, "{a: b, c: d, e: f}", set("", "-c", "-e"), "{a: b}"},
		{Style{}, "{a: b, c: d, e: f}", set("", "-a", "-c", "-e"), "{}"},
		{Style{}, "{ a: b , }", set("", "-a"), "{  }"},
		{Style{}, "{a: b, c: d}", set("", "-a", "-c", "x=y"), "{x: \"y\"}"},
		{Style{}, "{a: b, c: d}", set("", "-c", "x=y"), "{a: b, x: \"y\"}"},
		{Style{}, "{a: b, # 1\n c: d, # 2\n e: f # 3\n}\n", set("", "-a", "-e"), "{ # 1\n c: d # 2\n  # 3\n}\n"},
		{Style{}, "{a: b, # 1\n c: d, # 2\n e: f # 3\n}\n", set("", "-a", "-c", "-e"), "{ # 1\n  # 2\n  # 3\n}\n"},
		{Style{}, "{a: b # 1\n , c: d}\n", set("", "-a", "-c"), "{ # 1\n  }\n"},
		{Style{}, "{? a : b, c: d}\n", set("", "-a"), "{c: d}\n"},
		{Style{}, "{? a : b}\n", set("", "-a"), "{}\n"},
		{Style{}, "{c: d, ? a}\n", set("", "-a", "c=e"), "{c: e}\n"},
		{Style{}, "{a: 'x\n  y', b: &c z}\n", set("", "a=1", "b=2"), "{a: '1', b: \"2\"}\n"},
		{Style{}, "{a: {b: c}, d: e}\n", set("a", "x=y"), "{a: {b: c, x: \"y\"}, d: e}\n"},
		{Style{}, "a: {b: c, d: {e: f}} # g\n", set("a", "b=x\ny", "h=i"), "a: {b: \"x\\ny\", d: {e: f}, h: i} # g\n"},
		{Style{}, "{a: b, # 1\n c: d,}\n", set("", "-c"), "{a: b # 1\n ,}\n"},
	}.run(t)
}

func TestEditJSON(t *testing.T) {
	edits{
		// JSON.
		{
			Style{},
			"{\"a\": \"b\",\n \"c\": 1}", set("", "a=<\n>\u2028", "c=\x00é", "d=\""),
			"{\"a\": \"<\\n>\\u2028\",\n \"c\": \"\\u0000é\", \"d\": \"\\\"\"}",
		},
		{Style{}, `{"a":"b"}`, set("", "c=d"), "{\"a\":\"b\",\"c\":\"d\"}"},
		{
			Style{},
			`{"a":"b"}`, add("c", Entry{Key: "d", Text: "e"}, Entry{Key: "f", Text: "g"}, Entry{Key: "h", Entries: []Entry{}}),
			"{\"a\":\"b\",\"c\":{\"d\":\"e\",\"f\":\"g\",\"h\":{}}}",
		},
		{
			Style{},
			"{\n    \"a\": {\n        \"b\": 1\n    }\n}\n", add("c", Entry{Key: "d", Text: "e"}, Entry{Key: "f", Text: "g"}),
			"{\n    \"a\": {\n        \"b\": 1\n    },\n    \"c\": {\n        \"d\": \"e\",\n        \"f\": \"g\"\n    }\n}",
		},
		{Style{}, "{\n\t\"a\": {\n\t\t\"b\": 1\n\t}\n}\n", set("a", "-b", "c=d"), "{\n\t\"a\": {\n\t\t\"c\": \"d\"\n\t}\n}"},
		{Style{}, "{\n\t\"a\": {\n\t\t\"b\": 1,\n\t\t\"c\": 2\n\t}\n}\n", set("a", "-c"), "{\n\t\"a\": {\n\t\t\"b\": 1\n\t}\n}"},
		{Style{}, "{\"a\": {}} {\"b\": 1}", fill("a", Entry{Key: "c", Text: "d"}), "{\"a\": {\"c\": \"d\"}}"},
		{Style{}, "{\"a\": null}", fill("a", Entry{Key: "c", Text: "d"}), "{\"a\": {\"c\": \"d\"}}"},
	}.run(t)
}
