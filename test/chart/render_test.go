package chart

import (
	"bytes"
	"flag"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v4"

	"github.com/holdfast-mesh/holdfast/rules/load"
	"github.com/holdfast-mesh/holdfast/test/cluster"
	"github.com/holdfast-mesh/holdfast/test/written"
)

var update = flag.Bool("update", false, "write deploy/install.yaml anew")

const installHeader = `# holdfast with the defaults of its chart, in one step:
#   kubectl apply -f deploy/install.yaml
# Istio must be there: its namespace istio-system and its definitions. Nothing else is needed. What all of
# it is for, other ways to install, and how to take it away: docs/install.md.
#
# Rendered from deploy/chart; 'go test ./test/chart -update' writes it anew.
`

// deploy/install.yaml is what the chart renders.
func TestInstallManifest(t *testing.T) {
	path := cluster.InstallManifest()
	text := manifest(t, cluster.Namespace, "--set", "namespace.create=true")
	want := installHeader + string(text)
	written.Check(t, path, want, "go test ./test/chart -update", *update)
}

// manifest is what the chart renders.
func manifest(t *testing.T, namespace string, flags ...string) []byte {
	t.Helper()
	text, err := cluster.Manifest(namespace, flags...)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestLint(t *testing.T) {
	for _, values := range choices(t) {
		t.Run(values.name, func(t *testing.T) {
			helm, err := cluster.Tool("helm")
			if err != nil {
				t.Fatal(err)
			}
			output, err := exec.Command(helm, append([]string{"lint", "--strict", cluster.Chart()}, values.flags...)...).CombinedOutput()
			if err != nil {
				t.Errorf("helm lint: %v\n%s", err, output)
			}
		})
	}
}

// Rendered twice, it is the same text, so that GitOps tools see no drift. No function
// that asks the cluster or the dice is used: what it says would differ between
// 'helm template' and 'helm upgrade', or from day to day.
func TestNothingRandom(t *testing.T) {
	if diff := cmp.Diff(string(manifest(t, "elsewhere")), string(manifest(t, "elsewhere"))); diff != "" {
		t.Errorf("rendered twice (-first +second):\n%s", diff)
	}
	unsteady := regexp.MustCompile(`\b(lookup|now|date\w*|rand\w+|uuidv4|gen\w+Cert\w*|genCA\w*|genPrivateKey|htpasswd|bcrypt|derivePassword|Release\.(IsInstall|IsUpgrade|Revision)|Capabilities)\b`)
	for path, text := range templates(t) {
		for i, line := range strings.Split(text, "\n") {
			for _, action := range regexp.MustCompile(`{{.*?}}`).FindAllString(line, -1) {
				if found := unsteady.FindString(action); found != "" {
					t.Errorf("%s:%d: got %s, want nothing that differs from one rendering to the next", path, i+1, found)
				}
			}
		}
	}
}

func templates(t *testing.T) map[string]string {
	t.Helper()
	files := map[string]string{}
	for _, pattern := range []string{"templates/*", "templates/*/*"} {
		paths, err := filepath.Glob(filepath.Join(cluster.Chart(), pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			if info, err := os.Stat(path); err != nil || info.IsDir() {
				continue
			}
			files[filepath.Base(path)] = read(t, path)
		}
	}
	if len(files) < 10 {
		t.Fatalf("got %d templates, want those of the chart", len(files))
	}
	return files
}

func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func write(t *testing.T, name string, data []byte) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// What people read in the rendered text is tidy.
func TestNoTrailingSpaces(t *testing.T) {
	for _, values := range choices(t) {
		for i, line := range bytes.Split(manifest(t, cluster.Namespace, values.flags...), []byte("\n")) {
			if trimmed := bytes.TrimRight(line, " \t"); len(trimmed) != len(line) {
				t.Errorf("%s, line %d: got spaces at the end of %q", values.name, i+1, line)
			}
		}
	}
}

// Every value has a comment that says what it is for, and every value is used.
func TestValuesAreExplained(t *testing.T) {
	text := read(t, filepath.Join(cluster.Chart(), "values.yaml"))
	var document yaml.Node
	if err := yaml.Unmarshal([]byte(text), &document); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(text, "\n")
	all := strings.Join(slices.Collect(maps.Values(templates(t))), "\n")
	// What Kubernetes and Helm define is explained as a whole.
	whole := []string{"resources", "nodeSelector", "dashboard.labels", "rules.file"}
	// One sentence for two numbers.
	together := []string{"timeoutSeconds.pods", "timeoutSeconds.rules", "certificates.certManager.renewBefore", "podLabels"}
	var visit func(node *yaml.Node, path string)
	visit = func(node *yaml.Node, path string) {
		for i := 0; i+1 < len(node.Content); i += 2 {
			key, value := node.Content[i], node.Content[i+1]
			at := strings.TrimPrefix(path+"."+key.Value, ".")
			above := strings.TrimSpace(lines[key.Line-2])
			if !strings.HasPrefix(above, "#") && !slices.Contains(together, at) {
				t.Errorf("values.yaml:%d: %s has no comment above it", key.Line, at)
			}
			if value.Kind == yaml.MappingNode && len(value.Content) > 0 && !slices.Contains(whole, at) {
				visit(value, at)
				continue
			}
			if !used(all, at) {
				t.Errorf("values.yaml:%d: no template uses %s", key.Line, at)
			}
		}
	}
	visit(document.Content[0], "")
}

// used reports whether templates use a value, by its path or within a "with" of
// the mapping that it is in.
func used(templates, path string) bool {
	if strings.Contains(templates, ".Values."+path) {
		return true
	}
	parent, leaf, nested := strings.Cut(path, ".")
	return nested && regexp.MustCompile(`with \.Values\.`+parent+`\b`).MatchString(templates) &&
		regexp.MustCompile(`[ (]\.`+leaf+`\b`).MatchString(templates)
}

// The rules that come with it are good, and do nothing yet.
func TestShippedRules(t *testing.T) {
	text := renderedRules(t)
	file, problems := load.Rules("rules.yaml", []byte(text))
	if file == nil || len(problems) > 0 {
		t.Fatalf("got problems %v, want none", problems)
	}
	if file.Mode != "Observe" {
		t.Errorf("got mode %q, want Observe: nothing is patched before somebody has looked", file.Mode)
	}
}

// The rules arrive byte by byte, but for empty lines at the end, given as text, as a file, or as a mapping.
func TestRules(t *testing.T) {
	for _, text := range []string{
		"a: 1 # comment\n\n\nb: |\n  x\n\n\n", "no line end", "\n  begins indented\n", "a:\tb\r\nc: \"é \u2028\"\r\n", "--- \n# {{ .Values }} $(X) ' \" \\\n",
	} {
		path := write(t, "rules.yaml", []byte(text))
		want := regexp.MustCompile(`\n+$`).ReplaceAllString(text, "\n")
		if diff := cmp.Diff(want, renderedRules(t, "--set-file", "rules.file="+path)); diff != "" {
			t.Errorf("(-given +rendered)\n%s", diff)
		}
	}
	file, problems := load.Rules("rules.yaml", []byte(renderedRules(t, "--set-json",
		`rules.file={"apiVersion":"holdfast.dev/v1alpha1","kind":"Rules","rules":[{"name":"a","destinations":{"ports":[6379,"7000-7005"]},"workloads":{"referencing":true},"strategy":{"idleTimeout":"48h"}}]}`)))
	if file == nil || len(file.Rules) != 1 || file.Rules[0].Name != "a" {
		t.Errorf("got %v %v, want the rule of the mapping", file, problems)
	}
}

// renderedRules is the rules file in the ConfigMap.
func renderedRules(t *testing.T, flags ...string) string {
	t.Helper()
	data, _ := object(t, render(t, cluster.Namespace, flags...), "ConfigMap", "holdfast-rules").Object["data"].(map[string]any)
	text, _ := data["rules.yaml"].(string)
	return text
}

// Values that would not do what was meant are refused, with their names.
func TestValuesRefused(t *testing.T) {
	for _, test := range []struct{ set, want string }{
		{"replica=3", "replica"},                                          // a typing error
		{"image.tags=x", "tags"},                                          // below
		{"replicas=0", "replicas"},                                        // nobody would answer
		{"certificates.mode=letsencrypt", "mode"},                         // neither way
		{"image.digest=sha256:12", "digest"},                              // cut off while copying
		{"image.repository=x@sha256:0", "repository"},                     // a digest has its place
		{"ports.webhook=70000", "webhook"},                                //
		{"timeoutSeconds.pods=31", "pods"},                                // the API server takes 30
		{"resources.limits.memory=192000000", "memory"},                   // GOMEMLIMIT is made of it
		{"resources.limits.memory=192M", "memory"},                        //
		{"extraLabels.app\\.kubernetes\\.io/name=x", "extraLabels"},       // by which everything is found
		{"podLabels.app\\.kubernetes\\.io/name=x", "podLabels"},           //
		{"extraArgs={webhook}", "extraArgs"},                              // no flag
		{"excludedNamespaces={Kube_System}", "excludedNamespaces"},        // no namespace is called so
		{"certificates.certManager.duration=90d", "duration"},             // cert-manager knows no days
		{"certificates.certManager.issuerRef.kind=ClusterIssuer", "name"}, // of what name?
		{"networkPolicy.apiServerPorts={https}", "apiServerPorts"},        //
		{"hostNetwork=yes", "hostNetwork"},                                // a text
	} {
		_, err := cluster.Manifest(cluster.Namespace, "--set", test.set)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("--set %s: got error %v, want one that names %s", test.set, err, test.want)
		}
	}
	// As part of another chart it is given these two.
	manifest(t, cluster.Namespace, "--set", "global.anything=x,enabled=true")
}
