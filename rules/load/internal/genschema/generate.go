package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"strings"

	"github.com/invopop/jsonschema"

	"github.com/holdfast-mesh/holdfast/rules/load/internal/wire"
)

// schemaID names the schema. Editors do not fetch it.
const schemaID = "https://holdfast.dev/schemas/rules-v1alpha1.json"

// generate makes the schema from the types of package wire; wireDir is where
// their source, and so their comments, stand.
func generate(wireDir string) ([]byte, error) {
	comments, err := fieldComments(filepath.Join(wireDir, "wire.go"))
	if err != nil {
		return nil, err
	}
	reflector := jsonschema.Reflector{
		Mapper:         valueSchema,
		ExpandedStruct: true,
		LookupComment: func(t reflect.Type, field string) string {
			return comments[t.Name()+"."+field]
		},
	}
	schema := reflector.Reflect(&wire.File{})
	schema.ID = schemaID
	schema.Title = "holdfast rules"
	if err := relations(schema); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(schema); err != nil {
		return nil, fmt.Errorf("schema of %T: %w", wire.File{}, err)
	}
	return out.Bytes(), nil
}

// fieldComments reads the comments of all structs: "Rule." for a type,
// "Rule.Name" for a field. The reflector's own reader joins lines with
// newlines and drops what follows a blank line.
func fieldComments(file string) (map[string]string, error) {
	tree, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments)
	if err != nil {
		return nil, fmt.Errorf("comments of the types: %w", err)
	}
	comments := map[string]string{}
	text := func(group *ast.CommentGroup) string { return strings.Join(strings.Fields(group.Text()), " ") }
	for _, declaration := range tree.Decls {
		general, ok := declaration.(*ast.GenDecl)
		if !ok || general.Tok != token.TYPE {
			continue
		}
		spec := general.Specs[0].(*ast.TypeSpec)
		comments[spec.Name.Name+"."] = text(general.Doc)
		structure, ok := spec.Type.(*ast.StructType)
		if !ok {
			continue
		}
		for _, field := range structure.Fields.List {
			comments[spec.Name.Name+"."+field.Names[0].Name] = text(field.Doc)
		}
	}
	return comments, nil
}

// relations adds what holds between keys.
func relations(schema *jsonschema.Schema) error {
	define := schema.Definitions
	for _, name := range []string{"Destinations", "Strategy", "Rule", "Requirement", "Gateway", "Workloads", "Selector"} {
		if define[name] == nil {
			return fmt.Errorf("got no definition %q, want it among the types of package wire", name)
		}
	}
	one, none := uint64(1), uint64(0)
	inKey := func(key string, s *jsonschema.Schema) *jsonschema.Schema {
		properties := jsonschema.NewProperties()
		properties.Set(key, s)
		return &jsonschema.Schema{Required: []string{key}, Properties: properties}
	}
	nonEmpty := func(key string) *jsonschema.Schema { return inKey(key, &jsonschema.Schema{MinItems: &one}) }
	equals := func(key string, values ...any) *jsonschema.Schema {
		return inKey(key, &jsonschema.Schema{Enum: values})
	}
	required := func(keys ...string) (list []*jsonschema.Schema) {
		for _, key := range keys {
			list = append(list, &jsonschema.Schema{Required: []string{key}})
		}
		return list
	}
	anyOf := func(s ...*jsonschema.Schema) *jsonschema.Schema { return &jsonschema.Schema{AnyOf: s} }
	noneOf := func(key string, items ...*jsonschema.Schema) *jsonschema.Schema {
		properties := jsonschema.NewProperties()
		properties.Set(key, &jsonschema.Schema{Items: &jsonschema.Schema{Not: anyOf(items...)}})
		return &jsonschema.Schema{Properties: properties}
	}
	when := func(condition, then *jsonschema.Schema) *jsonschema.Schema {
		return &jsonschema.Schema{If: condition, Then: then}
	}

	define["Destinations"].AnyOf = []*jsonschema.Schema{nonEmpty("middleware"), nonEmpty("ports"), nonEmpty("cidrs"), nonEmpty("hosts")}

	strategy := define["Strategy"]
	strategy.AnyOf = append(required("idleTimeout", "keepalive", "drainDuration", "bypass"),
		equals("sidecarStartsFirst", true), equals("sidecarStopsLast", true))
	strategy.DependentRequired = map[string][]string{"scope": {"idleTimeout"}, "drainJitter": {"drainDuration"}}
	strategy.DependentSchemas = map[string]*jsonschema.Schema{
		"bypass": {Not: anyOf(required("idleTimeout", "keepalive", "drainDuration")...)},
	}

	define["Rule"].AllOf = []*jsonschema.Schema{
		when(inKey("strategy", equals("bypass", "Ports")),
			inKey("destinations", anyOf(nonEmpty("ports"), nonEmpty("middleware")))),
		when(&jsonschema.Schema{AllOf: []*jsonschema.Schema{
			inKey("strategy", equals("bypass", "Ports")),
			{Not: equals("allowProtected", true)},
		}}, inKey("destinations", noneOf("ports",
			&jsonschema.Schema{Enum: []any{53, 80, 443}},
			&jsonschema.Schema{Type: "integer", Minimum: "15000", Maximum: "15090"}))),
		when(inKey("strategy", equals("bypass", "CIDRs")),
			inKey("destinations", nonEmpty("cidrs"))),
		when(inKey("strategy", equals("scope", "Destinations")),
			inKey("destinations", anyOf(nonEmpty("ports"), nonEmpty("middleware"), nonEmpty("cidrs")))),
	}

	empty := jsonschema.NewProperties()
	empty.Set("values", &jsonschema.Schema{MaxItems: &none})
	define["Requirement"].AllOf = []*jsonschema.Schema{
		when(equals("operator", "In", "NotIn"), nonEmpty("values")),
		when(equals("operator", "Exists", "DoesNotExist"), &jsonschema.Schema{Properties: empty}),
	}

	key := &jsonschema.Schema{Pattern: labelKeyPattern}
	gateway := define["Gateway"].Properties
	gateway.Value("selector").MinProperties = &one
	gateway.Value("selector").PropertyNames = key
	gateway.Value("ports").MinItems = &one
	define["Gateway"].AnyOf = append(required("keepalive", "idleTimeout", "drainDuration"), equals("stopsLast", true))
	define["Gateway"].DependentRequired = map[string][]string{"keepalive": {"ports"}, "drainJitter": {"drainDuration"}}
	define["Workloads"].Properties.Value("namespaces").MinItems = &one
	define["Selector"].Properties.Value("matchLabels").PropertyNames = key
	return nil
}
