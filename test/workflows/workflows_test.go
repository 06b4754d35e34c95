// Package workflows holds the workflow files of GitHub to what can be said of them without
// GitHub: nothing runs that the file does not name, with no right that it does not need, and
// nothing that nobody else could run.
package workflows

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

// pinned is an action by its commit, with the version that people read. "./" is this
// repository at the commit that runs.
var pinned = regexp.MustCompile(`^\s*(?:- )?uses: (?:\./\S*|[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+)$`)

// command is all that a step may run: a target of the Makefile, or one call of a program
// that talks to GitHub, to a registry or to those who sign.
var command = regexp.MustCompile(`^(sudo --preserve-env=CI,TARGET env "PATH=\$PATH" )?make |^(go -C deploy/release tool crane push|cosign sign|cosign sign-blob|gh release create) |^echo "`)

var logic = regexp.MustCompile(`(?m)\b(if|for|while|case|function)\b|&&|\|\||;`)

type workflow struct {
	Permissions map[string]string
	Jobs        map[string]struct {
		Permissions map[string]string
		Steps       []struct{ Run, Uses string }
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func workflows(t *testing.T) map[string]string {
	t.Helper()
	files, err := filepath.Glob("../../.github/workflows/*")
	if err != nil || len(files) == 0 {
		t.Fatalf("no workflows (%v)", err)
	}
	texts := map[string]string{}
	for _, file := range files {
		texts[filepath.Base(file)] = read(t, file)
	}
	return texts
}

// What is not seen in the file does not run: actions stand for commits.
func TestActionsArePinned(t *testing.T) {
	for name, text := range workflows(t) {
		for i, line := range strings.Split(text, "\n") {
			if strings.Contains(line, "uses:") && !pinned.MatchString(line) {
				t.Errorf("%s:%d: got %q, want an action by its commit, with its version behind", name, i+1, strings.TrimSpace(line))
			}
		}
	}
}

// A workflow has no rights; a job says which it needs, and writes only where it releases or
// reports.
func TestLeastRights(t *testing.T) {
	writes := map[string]string{
		"release.yml release contents": "write", "release.yml release packages": "write",
		"release.yml release id-token": "write", "release.yml release attestations": "write",
		"scan.yml go security-events": "write", "scan.yml actions security-events": "write",
	}
	for name, text := range workflows(t) {
		var w workflow
		if err := yaml.Unmarshal([]byte(text), &w); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if w.Permissions == nil || len(w.Permissions) > 0 {
			t.Errorf("%s: got the rights %v for all jobs, want permissions: {}", name, w.Permissions)
		}
		for job, j := range w.Jobs {
			if len(j.Permissions) == 0 {
				t.Errorf("%s: %s does not say its rights", name, job)
			}
			for scope, right := range j.Permissions {
				key := name + " " + job + " " + scope
				if right != "read" && writes[key] != right {
					t.Errorf("%s: %s has the right %s: %s, which it is not known to need", name, job, scope, right)
				}
				delete(writes, key)
			}
		}
	}
	for key := range writes {
		t.Errorf("%s: no such right any more", key)
	}
}

// What a workflow does, everybody can do on their own machine: steps run targets, and decide
// nothing.
func TestNoLogicInWorkflows(t *testing.T) {
	makefile := read(t, "../../Makefile")
	target := regexp.MustCompile(`make ((?:[a-z0-9-]+ ?)*)`)
	for name, text := range workflows(t) {
		var w workflow
		if err := yaml.Unmarshal([]byte(text), &w); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for job, j := range w.Jobs {
			for _, step := range j.Steps {
				if step.Run == "" {
					continue
				}
				if !command.MatchString(step.Run) || logic.MatchString(step.Run) || strings.Contains(strings.TrimSpace(step.Run), "\n") {
					t.Errorf("%s: %s runs %q, want one call without logic", name, job, step.Run)
				}
				if strings.Contains(step.Run, "${{") {
					t.Errorf("%s: %s pastes an expression into %q, want it in the environment", name, job, step.Run)
				}
				for _, match := range target.FindAllStringSubmatch(step.Run, -1) {
					for goal := range strings.FieldsSeq(match[1]) {
						if !strings.Contains(makefile, "\n"+goal+": ") {
							t.Errorf("%s: %s runs make %s, which the Makefile does not have", name, job, goal)
						}
					}
				}
			}
		}
	}
}

// CI of GitHub runs what 'make test' runs, to the target.
func TestCIRunsEverything(t *testing.T) {
	_, rest, ok := strings.Cut(read(t, "../../Makefile"), "\ntest: setup ")
	if !ok {
		t.Fatal("the Makefile has no target test")
	}
	goals, _, _ := strings.Cut(rest, " ##")
	_, rest, ok = strings.Cut(read(t, "../../.github/workflows/ci.yml"), "        target: [")
	if !ok {
		t.Fatal("ci.yml has no list of targets")
	}
	list, _, _ := strings.Cut(rest, "]")
	if want := strings.Join(strings.Fields(goals), ", "); list != want {
		t.Errorf("got the targets %q, want those of make test, %q", list, want)
	}
}

// Modules that nobody names are never updated.
func TestUpdatesOfEveryModule(t *testing.T) {
	text := read(t, "../../.github/dependabot.yml")
	for _, pattern := range []string{"../../go.mod", "../../*/go.mod", "../../*/*/go.mod"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			folder := "/" + strings.TrimPrefix(filepath.ToSlash(filepath.Dir(file)), "../..")
			folder = strings.ReplaceAll(folder, "//", "/")
			if !strings.Contains(text, "["+folder+",") && !strings.Contains(text, " "+folder+",") && !strings.Contains(text, " "+folder+"]") {
				t.Errorf("dependabot.yml does not name the module in %s", folder)
			}
		}
	}
}
