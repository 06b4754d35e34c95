package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"strconv"
	"strings"
)

// code is a constant with what its comment says.
type code struct {
	value, meaning, advice string
}

// codes reads the constants of a type in a file, in the order of the file; with
// about, only those of blocks whose comment has that word. A constant without
// meaning or advice is an error: somebody is going to look for it.
func codes(root fs.FS, file, typ, about string) ([]code, error) {
	text, err := fs.ReadFile(root, file)
	if err != nil {
		return nil, err
	}
	parsed, err := parser.ParseFile(token.NewFileSet(), file, text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	var list []code
	for _, d := range parsed.Decls {
		block, ok := d.(*ast.GenDecl)
		if !ok || block.Tok != token.CONST || !strings.Contains(block.Doc.Text(), about) {
			continue
		}
		for _, spec := range block.Specs {
			constant := spec.(*ast.ValueSpec)
			if constant.Type == nil || nameOf(constant.Type) != typ {
				continue
			}
			c, err := read(constant)
			if err != nil {
				return nil, fmt.Errorf("%s: %s: %w", file, constant.Names[0], err)
			}
			list = append(list, c)
		}
	}
	if list == nil {
		return nil, fmt.Errorf("%s: got no constants of type %s, want some", file, typ)
	}
	return list, nil
}

// nameOf is the name of a type as it stands in the text: "Reason", "rules.Reason".
func nameOf(typ ast.Expr) string {
	switch typ := typ.(type) {
	case *ast.Ident:
		return typ.Name
	case *ast.SelectorExpr:
		return nameOf(typ.X) + "." + typ.Sel.Name
	}
	return ""
}

func read(constant *ast.ValueSpec) (code, error) {
	comment := strings.Join(strings.Fields(constant.Doc.Text()), " ")
	meaning, advice, ok := strings.Cut(comment, " Do: ")
	if !ok || !strings.HasSuffix(meaning, ".") || !strings.HasSuffix(advice, ".") {
		return code{}, fmt.Errorf("got comment %q, want a sentence that says what it means, and a line \"Do: ...\" that says what to do", comment)
	}
	literal, ok := constant.Values[0].(*ast.BasicLit)
	if !ok {
		return code{}, fmt.Errorf("got a value that is no literal, want the code in quotes")
	}
	value, err := strconv.Unquote(literal.Value)
	return code{value, meaning, advice}, err
}
