package yamltext_test

import (
	"fmt"

	"github.com/holdfast-mesh/holdfast/internal/yamltext"
)

func Example() {
	documents, _ := yamltext.Parse("# web\nlabels:\n    app: web # as in DNS\n    old: 'x'\n")
	d := documents[0]
	edit := d.Edit(yamltext.Style{})
	edit.Set(yamltext.Get(d.Root, "labels"), []yamltext.Entry{{Key: "app", Text: "shop"}, {Key: "tier", Text: "1"}}, []string{"old"})
	text, problem := d.Apply(edit)
	fmt.Print(text, problem == nil)
	// Output:
	// # web
	// labels:
	//     app: shop # as in DNS
	//     tier: "1"
	// true
}

func Example_refusal() {
	documents, _ := yamltext.Parse("a: &shared {b: c}\nd: *shared\n")
	d := documents[0]
	edit := d.Edit(yamltext.Style{})
	edit.Set(yamltext.Get(d.Root, "a"), []yamltext.Entry{{Key: "b", Text: "x"}}, nil)
	_, problem := d.Apply(edit)
	fmt.Println(problem)
	// Output:
	// 1:4: got a mapping that its anchor &shared shares, so a change would show elsewhere too; write it out where *shared is used
}
