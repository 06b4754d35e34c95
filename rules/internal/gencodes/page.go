package main

import (
	"bytes"
	_ "embed"
	"fmt"
	"io/fs"
	"strings"
	"text/template"
)

//go:embed page.md
var prose string

// page fills the prose of page.md, in which {{codes FILE TYPE}} stands for a table.
func page(root fs.FS) ([]byte, error) {
	t, err := template.New("page").Funcs(template.FuncMap{
		"codes": func(file, typ string, about ...string) (string, error) {
			list, err := codes(root, file, typ, strings.Join(about, ""))
			return table(list), err
		},
	}).Parse(prose)
	if err != nil {
		return nil, err
	}
	var text bytes.Buffer
	err = t.Execute(&text, nil)
	return text.Bytes(), err
}

// table writes rows of a table, without its head.
func table(list []code) string {
	var rows strings.Builder
	cell := strings.NewReplacer("|", `\|`)
	for _, c := range list {
		fmt.Fprintf(&rows, "| `%s` | %s | %s |\n", c.value, cell.Replace(c.meaning), cell.Replace(upperFirst(c.advice)))
	}
	return strings.TrimSuffix(rows.String(), "\n")
}

// upperFirst begins a sentence, unless code does.
func upperFirst(s string) string { return strings.ToUpper(s[:1]) + s[1:] }
