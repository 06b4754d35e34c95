package load

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	yaml "go.yaml.in/yaml/v4"

	"github.com/holdfast-mesh/holdfast/internal/yamltext"
	"github.com/holdfast-mesh/holdfast/test/written"
)

var update = flag.Bool("update", false, "write the expected problems of testdata anew")

// beyondSchema are the codes that a schema cannot see: they need arithmetic,
// other values, or the text itself. A bad file with only such errors may pass
// the schema.
var beyondSchema = map[Code]string{
	badIdleTimeout:      "limits of a duration",
	badDrainDuration:    "limits of a duration",
	badKeepalive:        "limits of a duration",
	duplicateName:       "compares items",
	tooManyPorts:        "counts what ranges hold",
	tooManyCIDRs:        "counts bytes",
	protectedPort:       "depends on the rule and on what ranges hold",
	broadCIDR:           "depends on the rule and on the family of an address",
	tooManyDestinations: "depends on the size of patterns",
}

// beyondSchemaFiles are bad files whose errors have codes that a schema sees in
// other files, but not in these.
var beyondSchemaFiles = map[string]string{
	"port-order.yaml":      "compares the two ends of a range",
	"number-spelling.yaml": "is about how numbers are written",
	"too-long.yaml":        "limits of a duration",
	"utf16.yaml":           "is about bytes, not about values",
}

func corpus(t *testing.T, kind string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", kind, "*.yaml"))
	if err != nil || len(files) < 25 {
		t.Fatalf("got %d %s files (error %v), want 25 or more", len(files), kind, err)
	}
	return files
}

func read(t *testing.T, file string) []byte {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// Every problem of every file, as users see it, stands beside the file.
func TestCorpusProblems(t *testing.T) {
	for _, kind := range []string{"good", "bad"} {
		for _, file := range corpus(t, kind) {
			t.Run(kind+"/"+filepath.Base(file), func(t *testing.T) {
				loaded, problems := Rules("rules.yaml", read(t, file))
				if problems.HasErrors() != (kind == "bad") || (loaded == nil) != (kind == "bad") {
					t.Errorf("got file %v and problems\n%s\nwant a %s file", loaded != nil, report(problems), kind)
				}
				golden := strings.TrimSuffix(file, ".yaml") + ".want"
				written.Check(t, golden, report(problems), "go test ./rules/load -update", *update)
			})
		}
	}
}

// Every expected text belongs to a file.
func TestCorpusNotStale(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("testdata", "*", "*.want"))
	if err != nil {
		t.Fatal(err)
	}
	for _, golden := range files {
		if _, err := os.Stat(strings.TrimSuffix(golden, ".want") + ".yaml"); err != nil {
			t.Errorf("%s has no rules file: %v", golden, err)
		}
	}
}

func report(ps Problems) string {
	var b strings.Builder
	for _, p := range ps {
		b.WriteString(p.String() + "\n")
	}
	return b.String()
}

// Editors that use the schema accept exactly what the loader accepts, but for
// what a schema cannot say.
func TestSchemaAgreesWithLoader(t *testing.T) {
	compiled := compileSchema(t)
	for _, file := range append(corpus(t, "good"), filepath.Join("..", "..", "deploy", "examples", "rules.yaml")) {
		if err := validate(t, compiled, read(t, file)); err != nil {
			t.Errorf("%s: the loader accepts it, the schema does not: %v", file, err)
		}
	}
	for _, file := range corpus(t, "bad") {
		_, problems := Rules(file, read(t, file))
		excepted := beyondSchemaFiles[filepath.Base(file)] != ""
		switch err := validate(t, compiled, read(t, file)); {
		case err == nil && !excepted && !onlyBeyondSchema(problems):
			t.Errorf("%s: the loader refuses it, the schema does not:\n%s", file, report(problems))
		case err != nil && excepted:
			t.Errorf("%s: the schema refuses it too: take it out of the exceptions\n%v", file, err)
		}
	}
}

// Of limits, the schema refuses those that people meet, and nothing that the loader
// accepts.
func TestSchemaKnowsLimits(t *testing.T) {
	compiled := compileSchema(t)
	strategy := func(text string) string { return oneRule("destinations: {ports: [1]}", "strategy: {"+text+"}") }
	keepalive := func(text string) string { return strategy("keepalive: {time: " + text + ", interval: 30s, probes: 3}") }
	for _, text := range []string{
		strategy("idleTimeout: 500ms"), strategy("idleTimeout: 999999us"), strategy("idleTimeout: 0.5s"), strategy("drainDuration: 0s"),
		strategy("drainDuration: 1500ms"), strategy("drainDuration: 500ms"), keepalive("100ms"), keepalive("10h"), keepalive("1d"), keepalive("547m"), keepalive("40000s"),
		oneRule("destinations: {ports: [1, 443]}", "strategy: {bypass: Ports}"), oneRule("destinations: {ports: [15090]}", "strategy: {bypass: Ports}"),
		oneRule("destinations: {ports: [53]}", "strategy: {bypass: Ports}", "allowProtected: false"),
	} {
		if _, problems := Rules("f", []byte(text)); !problems.HasErrors() || validate(t, compiled, []byte(text)) == nil {
			t.Errorf("got it accepted, want it refused by the loader and by the schema:\n%s%s", text, report(problems))
		}
	}
	for _, text := range []string{
		strategy("idleTimeout: 0s"), strategy("idleTimeout: 0ms"), strategy("idleTimeout: 1000ms"), strategy("idleTimeout: 1.5s"), strategy("idleTimeout: 1000000us"),
		strategy("drainDuration: 1000ms"), strategy("drainDuration: 12h"), strategy("drainDuration: 2d"), strategy("drainDuration: 0h5s"),
		keepalive("9h"), keepalive("546m"), keepalive("32767s"), keepalive("2000ms"), keepalive("0h2m"), keepalive("32767000ms"),
		oneRule("destinations: {ports: [1, 443]}", "strategy: {bypass: Ports}", "allowProtected: true"), oneRule("destinations: {ports: [15091]}", "strategy: {bypass: Ports}"),
		oneRule("destinations: {ports: [443], cidrs: [10.0.0.0/8]}", "strategy: {bypass: CIDRs}"), oneRule("destinations: {middleware: [redis]}", "strategy: {bypass: Ports}"),
	} {
		_, problems := Rules("f", []byte(text))
		if err := validate(t, compiled, []byte(text)); problems.HasErrors() || err != nil {
			t.Errorf("got it refused, want it accepted by the loader and by the schema:\n%s%s%v", text, report(problems), err)
		}
	}
}

func onlyBeyondSchema(ps Problems) bool {
	for _, p := range ps {
		if p.Severity == Error && beyondSchema[p.Code] == "" {
			return false
		}
	}
	return true
}

func compileSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(Schema()))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("rules.json", document); err != nil {
		t.Fatal(err)
	}
	compiled, err := compiler.Compile("rules.json")
	if err != nil {
		t.Fatal(err)
	}
	return compiled
}

// validate does what an editor does: it reads YAML as JSON and validates that.
func validate(t *testing.T, compiled *jsonschema.Schema, text []byte) error {
	t.Helper()
	var value any
	if err := yaml.Load([]byte(yamltext.Readable(string(text))), &value); err != nil {
		return err
	}
	asJSON, err := json.Marshal(value)
	if err != nil {
		return err
	}
	value, err = jsonschema.UnmarshalJSON(bytes.NewReader(asJSON))
	if err != nil {
		t.Fatal(err)
	}
	return compiled.Validate(value)
}

// The starter file that users copy loads, uses every strategy, and passes check
// --strict: what it allows, its comments explain.
func TestStarterFile(t *testing.T) {
	file, problems := Rules("rules.yaml", read(t, filepath.Join("..", "..", "deploy", "examples", "rules.yaml")))
	if file == nil {
		t.Fatal(problems)
	}
	if len(problems) > 0 {
		t.Errorf("got warnings, want none:\n%s", report(problems))
	}
	used := map[string]bool{"gateways": len(file.Gateways) > 0}
	for _, r := range file.Rules {
		s := r.Strategy
		used["idleTimeout "+string(s.Scope)] = used["idleTimeout "+string(s.Scope)] || s.IdleTimeout != nil
		used["keepalive"] = used["keepalive"] || s.Keepalive != nil
		used["drainDuration"] = used["drainDuration"] || s.DrainDuration != nil
		used["bypass "+string(s.Bypass)] = true
		used["referencing"] = used["referencing"] || r.Workloads.Referencing
		used[string(r.Mode)] = true
	}
	for _, want := range []string{
		"gateways", "idleTimeout Sidecar", "idleTimeout Destinations", "keepalive", "drainDuration",
		"bypass Ports", "bypass CIDRs", "referencing", "Observe", "Enforce",
	} {
		if !used[want] {
			t.Errorf("the starter file shows no %s", want)
		}
	}
}
