// Package picture draws the pictures of docs, which look alike: SVG that follows the reader's
// light or dark setting, in plain system fonts, and loads nothing.
package picture

import (
	"bytes"
	_ "embed"
	"html/template"
)

//go:embed frame.svg.tmpl
var frame string

// Draw executes a template, with these functions beside the usual ones. The template may use
// "style", the rules of style of texts, lines and the page; their classes are its to use.
func Draw(text string, functions template.FuncMap, data any) ([]byte, error) {
	drawing, err := template.New("").Funcs(functions).Parse(frame)
	if err != nil {
		return nil, err
	}
	if drawing, err = drawing.Parse(text); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = drawing.Execute(&out, data)
	return out.Bytes(), err
}
