// Package architecture holds docs/architecture.md against the code: what it names is there,
// what is there is named, and imports point down.
package architecture

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const (
	modulePath = "github.com/holdfast-mesh/holdfast"
	root       = "../.."
)

// folder is a package of the module, by what its files without tests say.
type folder struct {
	path     string // from the root: "rules/decide"
	name     string
	imports  []string        // of the module's own packages, as such paths
	parallel bool            // it has goroutines, or what guards things from them
	declared map[string]bool // "Set", "Set.Decide"
}

// packages reads the module's packages outside test/, in the order of their paths. It reads
// files instead of asking 'go list', so that a cached result of a test here does not outlive
// a change of them.
func packages(t *testing.T) []folder {
	t.Helper()
	var list []folder
	for _, top := range []string{"cmd", "doctor", "internal", "istio", "manifest", "mesh", "rules", "verify", "webhook"} {
		err := filepath.WalkDir(filepath.Join(root, top), func(file string, entry fs.DirEntry, err error) error {
			switch {
			case os.IsNotExist(err):
				return nil
			case err != nil:
				return err
			case entry.IsDir() && entry.Name() == "testdata":
				return fs.SkipDir
			case entry.IsDir() || !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go"):
				return nil
			}
			parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
			if err != nil {
				return err
			}
			at, err := filepath.Rel(root, filepath.Dir(file))
			if err != nil {
				return err
			}
			at = filepath.ToSlash(at)
			i := slices.IndexFunc(list, func(f folder) bool { return f.path == at })
			if i < 0 {
				i = len(list)
				list = append(list, folder{path: at, name: parsed.Name.Name, declared: map[string]bool{}})
			}
			list[i].read(parsed)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return list
}

// read adds what a file imports and declares.
func (f *folder) read(file *ast.File) {
	for _, spec := range file.Imports {
		name, _ := strconv.Unquote(spec.Path.Value)
		f.parallel = f.parallel || name == "sync" || name == "sync/atomic"
		if own, ok := strings.CutPrefix(name, modulePath+"/"); ok && !slices.Contains(f.imports, own) {
			f.imports = append(f.imports, own)
		}
	}
	ast.Inspect(file, func(node ast.Node) bool {
		_, starts := node.(*ast.GoStmt)
		f.parallel = f.parallel || starts
		return true
	})
	for _, declaration := range file.Decls {
		switch d := declaration.(type) {
		case *ast.FuncDecl:
			name := d.Name.Name
			if d.Recv != nil {
				name = receiver(d.Recv.List[0].Type) + "." + name
			}
			f.declared[name] = true
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				switch s := spec.(type) {
				case *ast.TypeSpec:
					f.declared[s.Name.Name] = true
					f.fields(s)
				case *ast.ValueSpec:
					for _, name := range s.Names {
						f.declared[name.Name] = true
					}
				}
			}
		}
	}
}

// fields adds the fields of a struct and the methods of an interface.
func (f *folder) fields(s *ast.TypeSpec) {
	var list *ast.FieldList
	switch t := s.Type.(type) {
	case *ast.StructType:
		list = t.Fields
	case *ast.InterfaceType:
		list = t.Methods
	default:
		return
	}
	for _, field := range list.List {
		for _, name := range field.Names {
			f.declared[s.Name.Name+"."+name.Name] = true
		}
	}
}

// receiver is the type of a method, without pointer and type parameters.
func receiver(expression ast.Expr) string {
	switch e := expression.(type) {
	case *ast.StarExpr:
		return receiver(e.X)
	case *ast.IndexExpr:
		return receiver(e.X)
	case *ast.Ident:
		return e.Name
	}
	return ""
}

// has reports whether the package declares what is written as "decide.Set" or
// "decide.Set.Decide".
func (f *folder) has(symbol string) bool {
	name, ok := strings.CutPrefix(symbol, path.Base(f.path)+".")
	return ok && ast.IsExported(name) && f.declared[name]
}
