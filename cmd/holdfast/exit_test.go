package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const smallRules = `apiVersion: holdfast.dev/v1alpha1
kind: Rules
rules:
- name: redis
  destinations: {middleware: [redis]}
  strategy: {idleTimeout: 48h}
`

// writerIn returns what writes files into a folder and returns their paths.
func writerIn(t *testing.T, dir string) func(name, text string) string {
	return func(name, text string) string {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
}

// Scripts rely on exit codes: 1 for what is in files, 2 for the command line.
// Standard output carries results only.
func TestExitCodes(t *testing.T) {
	dir := t.TempDir()
	write := writerIn(t, dir)
	good := write("good.yaml", smallRules)
	warn := write("warn.yaml", strings.ReplaceAll(smallRules, "48h", "0s"))
	bad := write("bad.yaml", strings.ReplaceAll(smallRules, "48h", "48"))
	pod := write("pod.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: c}]}\n")
	missing := filepath.Join(dir, "missing.yaml")
	tests := []struct {
		rule   string
		args   []string
		code   int
		stderr string // part of it
	}{
		{"a clean file", []string{"check", good}, 0, "1 file checked"},
		{"warnings only", []string{"check", warn}, 0, "2 warnings"},
		{"warnings, strictly", []string{"check", "--strict", warn}, 1, "2 warnings"},
		{"the file to start from, strictly", []string{"check", "--strict", "../../deploy/examples/rules.yaml"}, 0, "0 warnings"},
		{"errors", []string{"check", bad}, 1, "1 error"},
		{"a missing file", []string{"check", missing}, 1, "1 error"},
		{"a folder", []string{"check", dir}, 1, "1 error"},
		{"nothing to check", []string{"check"}, 2, "see 'holdfast check --help'"},
		{"an unknown output", []string{"check", "-o", "xml", good}, 2, "one of text, json"},
		{"an unknown command", []string{"chekc"}, 2, "unknown command"},
		{"an unknown flag", []string{"explain", "--rulse", good, pod}, 2, "unknown flag"},
		{"no rules", []string{"patch", pod}, 2, "-f rules.yaml"},
		{"rules twice, as kubectl's -f would have it", []string{"patch", "-f", good, "-f", pod}, 2, "manifests stand without -f"},
		{"bad rules", []string{"explain", "-f", bad, pod}, 1, "nothing was applied"},
		{"a missing manifest", []string{"explain", "-f", good, missing}, 1, "missing.yaml"},
		{"nothing to verify", []string{"verify"}, 2, "see 'holdfast verify --help'"},
		{"a dump that is none", []string{"verify", "--config-dump", pod, "--pod", pod}, 1, "config dump"},
		{"completion for a shell", []string{"completion", "zsh"}, 0, ""},
		{"completion for an unknown shell", []string{"completion", "tcsh"}, 2, "unknown command"},
		{"completion with too many words", []string{"completion", "bash", "zsh"}, 2, "see 'holdfast completion bash --help'"},
	}
	for _, test := range tests {
		t.Run(test.rule, func(t *testing.T) {
			stdout, stderr, code := runCLI(t, test.args...)
			if code != test.code || !strings.Contains(stderr, test.stderr) {
				t.Errorf("got exit code %d and %q, want %d and %q", code, stderr, test.code, test.stderr)
			}
			if code == exitUsage && stdout != "" {
				t.Errorf("got %q on standard output, want nothing", stdout)
			}
		})
	}
}

// full is a disk without room, as /dev/full.
type full struct{}

var errFull = errors.New("no space left on device")

func (full) Write([]byte) (int, error) { return 0, errFull }

// Whatever a command was to print: if it could not, the command failed and says so
// once.
func TestOutputThatCannotBeWritten(t *testing.T) {
	write := writerIn(t, t.TempDir())
	rules := write("rules.yaml", smallRules)
	bad := write("bad.yaml", strings.ReplaceAll(smallRules, "48h", "48"))
	pod := write("pod.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: c}]}\n")
	for _, args := range [][]string{
		{"check", bad},
		{"check", "-o", "json", rules},
		{"patch", "-f", rules, pod},
		{"patch", "-f", rules, "-o", "diff", pod},
		{"explain", "-f", rules, pod},
		{"explain", "-f", rules, "-o", "json", pod},
		{"render", "-f", write("keepalive.yaml", strings.ReplaceAll(smallRules, "48h", "48h, keepalive: {time: 2m, interval: 30s, probes: 3}"))},
		{"middleware"},
		{"schema"},
		{"version"},
		{"completion", "bash"},
		{"--help"},
	} {
		t.Run(strings.Join(args[:min(len(args), 4)], " "), func(t *testing.T) {
			var stderr bytes.Buffer
			err := run(context.Background(), append([]string{"holdfast"}, args...), strings.NewReader(""), io.Writer(full{}), &stderr)
			code := report(err, &stderr)
			if code != exitFindings || strings.Count(stderr.String(), errFull.Error()) != 1 {
				t.Errorf("got exit code %d and %q, want %d and once %q", code, stderr.String(), exitFindings, errFull)
			}
		})
	}
}
