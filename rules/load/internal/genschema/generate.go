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
	one := uint64(1)
	nonEmpty := func(key string) *jsonschema.Schema {
		properties := jsonschema.NewProperties()
		properties.Set(key, &jsonschema.Schema{MinItems: &one})
		return &jsonschema.Schema{Required: []string{key}, Properties: properties}
	}
	equals := func(key string, values ...any) *jsonschema.Schema {
		properties := jsonschema.NewProperties()
		properties.Set(key, &jsonschema.Schema{Enum: values})
		return &jsonschema.Schema{Required: []string{key}, Properties: properties}
	}
	inKey := func(key string, s *jsonschema.Schema) *jsonschema.Schema {
		properties := jsonschema.NewProperties()
		properties.Set(key, s)
		return &jsonschema.Schema{Required: []string{key}, Properties: properties}
	}
	anyOf := func(s ...*jsonschema.Schema) *jsonschema.Schema { return &jsonschema.Schema{AnyOf: s} }
	when := func(condition, then *jsonschema.Schema) *jsonschema.Schema {
		return &jsonschema.Schema{If: condition, Then: then}
	}
	get := func(name string) (*jsonschema.Schema, error) {
		if d := schema.Definitions[name]; d != nil {
			return d, nil
		}
		return nil, fmt.Errorf("got no definition %q, want it among the types of package wire", name)
	}

	destinations, err := get("Destinations")
	if err != nil {
		return err
	}
	destinations.AnyOf = []*jsonschema.Schema{nonEmpty("middleware"), nonEmpty("ports"), nonEmpty("cidrs"), nonEmpty("hosts")}

	strategy, err := get("Strategy")
	if err != nil {
		return err
	}
	strategy.AnyOf = []*jsonschema.Schema{
		{Required: []string{"idleTimeout"}},
		{Required: []string{"keepalive"}},
		{Required: []string{"drainDuration"}},
		{Required: []string{"bypass"}},
	}
	strategy.DependentRequired = map[string][]string{"scope": {"idleTimeout"}}
	strategy.DependentSchemas = map[string]*jsonschema.Schema{"bypass": {Not: anyOf(
		&jsonschema.Schema{Required: []string{"idleTimeout"}},
		&jsonschema.Schema{Required: []string{"keepalive"}},
		&jsonschema.Schema{Required: []string{"drainDuration"}},
	)}}

	rule, err := get("Rule")
	if err != nil {
		return err
	}
	rule.AllOf = []*jsonschema.Schema{
		when(inKey("strategy", equals("bypass", "Ports")),
			inKey("destinations", anyOf(nonEmpty("ports"), nonEmpty("middleware")))),
		when(inKey("strategy", equals("bypass", "CIDRs")),
			inKey("destinations", nonEmpty("cidrs"))),
		when(inKey("strategy", equals("scope", "Destinations")),
			inKey("destinations", anyOf(nonEmpty("ports"), nonEmpty("middleware"), nonEmpty("cidrs")))),
	}

	requirement, err := get("Requirement")
	if err != nil {
		return err
	}
	none := uint64(0)
	empty := jsonschema.NewProperties()
	empty.Set("values", &jsonschema.Schema{MaxItems: &none})
	requirement.AllOf = []*jsonschema.Schema{
		when(equals("operator", "In", "NotIn"), nonEmpty("values")),
		when(equals("operator", "Exists", "DoesNotExist"), &jsonschema.Schema{Properties: empty}),
	}

	gateway, err := get("Gateway")
	if err != nil {
		return err
	}
	gateway.Properties.Value("selector").MinProperties = &one
	gateway.Properties.Value("ports").MinItems = &one

	workloads, err := get("Workloads")
	if err != nil {
		return err
	}
	workloads.Properties.Value("namespaces").MinItems = &one
	return labelKeys(schema)
}

// labelKeys bounds the keys of maps of labels.
func labelKeys(schema *jsonschema.Schema) error {
	for definition, key := range map[string]string{"Selector": "matchLabels", "Gateway": "selector"} {
		d := schema.Definitions[definition]
		if d == nil || d.Properties.Value(key) == nil {
			return fmt.Errorf("got no %s in definition %q, want it", key, definition)
		}
		d.Properties.Value(key).PropertyNames = &jsonschema.Schema{Pattern: labelKeyPattern}
	}
	return nil
}
