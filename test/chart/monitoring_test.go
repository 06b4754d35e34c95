package chart

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
	"k8s.io/client-go/discovery"

	"github.com/holdfast-mesh/holdfast/test/cluster"
)

// ruleFile is a rule file of Prometheus.
type ruleFile struct {
	Groups []struct {
		Name  string           `yaml:"name"`
		Rules []map[string]any `yaml:"rules"`
	} `yaml:"groups"`
}

func alertFile(t *testing.T) (file ruleFile) {
	t.Helper()
	if err := yaml.Unmarshal([]byte(read(t, filepath.Join(cluster.Chart(), "files", "alerts.yaml"))), &file); err != nil {
		t.Fatal(err)
	}
	return file
}

// expressions are what alerts and dashboard ask Prometheus for, by where they stand.
func expressions(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, rule := range alertFile(t).Groups[0].Rules {
		all["alert "+fmt.Sprint(rule["alert"])] = fmt.Sprint(rule["expr"])
	}
	var dashboard struct {
		Panels []struct {
			Title   string
			Targets []struct{ Expr string }
		}
	}
	if err := json.Unmarshal([]byte(read(t, filepath.Join(cluster.Chart(), "files", "dashboard.json"))), &dashboard); err != nil {
		t.Fatal(err)
	}
	for _, panel := range dashboard.Panels {
		for i, target := range panel.Targets {
			// Grafana's own variable.
			all[fmt.Sprintf("panel %s, %d", panel.Title, i+1)] = strings.ReplaceAll(target.Expr, "$__rate_interval", "5m")
		}
	}
	if len(all) < 20 {
		t.Fatalf("got %d expressions, want those of alerts and dashboard", len(all))
	}
	return all
}

// Prometheus' own parser takes every expression and every text.
func TestExpressions(t *testing.T) {
	must(t, "promtool", "check", "rules", filepath.Join(cluster.Chart(), "files", "alerts.yaml"))
	var file strings.Builder
	file.WriteString("groups:\n- name: dashboard\n  rules:\n")
	n := 0
	for where, expression := range expressions(t) {
		n++
		fmt.Fprintf(&file, "  - {record: 'expression:%d', expr: %s} # %s\n", n, jsonText(t, expression), where)
	}
	must(t, "promtool", "check", "rules", write(t, "expressions.yaml", []byte(file.String())))
}

func jsonText(t *testing.T, value any) string {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// Every alert fires when it should, and is silent when all is well.
func TestAlerts(t *testing.T) {
	cases := read(t, filepath.Join("testdata", "alerts_test.yaml"))
	alerts := alertFile(t)
	for _, rule := range alerts.Groups[0].Rules {
		name := fmt.Sprint(rule["alert"])
		if !strings.Contains(cases, name+", eval_time: 55m, exp_alerts: []") || !regexp.MustCompile(name+`, eval_time: \w+, exp_alerts: \[{`).MatchString(cases) {
			t.Errorf("testdata/alerts_test.yaml does not show %s both firing and silent", name)
		}
		delete(rule, "annotations") // words
	}
	dir := t.TempDir()
	for name, text := range map[string]string{"alerts.yaml": jsonText(t, map[string]any{"groups": []any{map[string]any{"name": "holdfast", "rules": alerts.Groups[0].Rules}}}), "alerts_test.yaml": cases} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	must(t, "promtool", "test", "rules", filepath.Join(dir, "alerts_test.yaml"))
}

var (
	metric  = regexp.MustCompile(`\b((?:holdfast|process|apiserver)_\w+)(?:{([^}]*)})?`)
	matcher = regexp.MustCompile(`(\w+)=~?"([^"]*)"`)
)

// Every metric and every label that is asked for is exported, by the program as the chart runs
// it or by the API server.
func TestMetricsExist(t *testing.T) {
	namespaces(t, map[string]string{"holdfast.dev/enabled": "true"}, "shop")
	namespaces(t, nil, cluster.Namespace, "istio-system")
	must(t, "helm", append([]string{"install", "holdfast", cluster.Chart(), "-n", cluster.Namespace}, set("manageMesh=true")...)...)
	t.Cleanup(func() { uninstall(t) })
	running := newPods(t, cluster.Namespace)
	eventually(t, "a call that fails open", func() (bool, string) {
		if err := shared.Client.Create(t.Context(), newPod("shop")); err != nil {
			t.Fatal(err)
		}
		return strings.Contains(serverMetrics(t), `apiserver_admission_webhook_fail_open_count{name="pods.holdfast.dev"`), ""
	})
	running.start(t, 1)
	running.wait(t)
	exported := strings.Split(running.list[0].Metrics(t.Context())+serverMetrics(t), "\n")

	asked := 0
	for where, expression := range expressions(t) {
		for _, match := range metric.FindAllStringSubmatch(expression, -1) {
			asked++
			var series []string
			for _, line := range exported {
				if strings.HasPrefix(line, match[1]+"{") || strings.HasPrefix(line, match[1]+" ") {
					series = append(series, line)
				}
			}
			if len(series) == 0 {
				t.Errorf("%s: nobody exports %s", where, match[1])
				continue
			}
			for _, condition := range matcher.FindAllStringSubmatch(match[2], -1) {
				if condition[1] == "job" { // of whoever collects
					continue
				}
				for value := range strings.SplitSeq(condition[2], "|") {
					label := fmt.Sprintf("%s=%q", condition[1], value)
					// The API server has a series for what has failed only.
					if !slices.ContainsFunc(series, func(line string) bool { return strings.Contains(line, label) }) && value != "rules.holdfast.dev" {
						t.Errorf("%s: %s has no series with %s", where, match[1], label)
					}
				}
			}
		}
	}
	if asked < 30 {
		t.Errorf("got %d metrics in the expressions, want all of them found", asked)
	}
}

// serverMetrics are those of the API server.
func serverMetrics(t *testing.T) string {
	t.Helper()
	client, err := discovery.NewDiscoveryClientForConfig(shared.Config)
	if err != nil {
		t.Fatal(err)
	}
	text, err := client.RESTClient().Get().AbsPath("/metrics").DoRaw(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
