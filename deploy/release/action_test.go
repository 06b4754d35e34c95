package main

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

// step runs a script of the action as a runner does: by bash, with nothing but the step's
// environment. It returns what was printed, and the exit code.
func step(t *testing.T, script, folder string, env ...string) (string, int) {
	t.Helper()
	path, err := filepath.Abs(filepath.Join("../action", script))
	if err != nil {
		t.Fatal(err)
	}
	command := exec.Command(path)
	command.Dir = folder
	command.Env = append([]string{"PATH=" + os.Getenv("PATH")}, env...)
	output, err := command.CombinedOutput()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return string(output), command.ProcessState.ExitCode()
}

func TestActionInstall(t *testing.T) {
	dist := write(t, hostProgram(t), at)
	archive := "holdfast_" + version + "_" + host.String() + ".tar.gz"
	// What GitHub serves: the folder of a release under its version.
	mux := http.NewServeMux()
	mux.Handle("/"+version+"/", http.StripPrefix("/"+version, http.FileServer(http.Dir(dist))))
	mux.HandleFunc("/v6.6.6/checksums.txt", func(w http.ResponseWriter, _ *http.Request) {
		text := strings.ReplaceAll(read(t, dist, "checksums.txt"), version, "v6.6.6")
		_, _ = w.Write([]byte(text))
	})
	mux.HandleFunc("/v6.6.6/"+strings.ReplaceAll(archive, version, "v6.6.6"), func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte("something else"))
	})
	server := httptest.NewServer(mux)
	defer server.Close()

	for name, test := range map[string]struct {
		env    []string
		want   string
		code   int
		onPath bool // the folder is added to PATH
	}{
		"a version":         {[]string{"VERSION=" + version}, "holdfast " + version + " ", 0, true},
		"the action's own":  {[]string{"VERSION=", "ACTION_REF=" + version}, "holdfast " + version + " ", 0, true},
		"named by a branch": {[]string{"ACTION_REF=main"}, "got 'main', want one like v1.2.3", 2, false},
		"named by nothing":  {nil, "got '', want one like v1.2.3", 2, false},
		"not a version":     {[]string{"VERSION=v1.2.3/../../x"}, "want one like v1.2.3", 2, false},
		"no such release":   {[]string{"VERSION=v0.0.9"}, "is v0.0.9 a release of holdfast?", 1, false},
		"another archive":   {[]string{"VERSION=v6.6.6"}, "is not what checksums.txt of v6.6.6 says", 1, false},
	} {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			paths := filepath.Join(folder, "paths")
			env := append(test.env, "HOLDFAST_DOWNLOADS="+server.URL, "GITHUB_PATH="+paths, "RUNNER_TEMP="+folder)
			output, code := step(t, "install", folder, env...)
			if code != test.code || !strings.Contains(output, test.want) {
				t.Errorf("got exit code %d and\n%swant %d and %q", code, output, test.code, test.want)
			}
			added, err := os.ReadFile(paths)
			if (err == nil) != test.onPath {
				t.Fatalf("PATH: got %q (%v), want an entry: %v", added, err, test.onPath)
			}
			if test.onPath && read(t, strings.TrimSpace(string(added)), "holdfast") == "" {
				t.Error("the folder on PATH has no holdfast")
			}
		})
	}
}

// A holdfast that the job has already is used, unless a version is asked for.
func TestActionUsesWhatIsThere(t *testing.T) {
	p := hostProgram(t)
	output, code := step(t, "install", t.TempDir(), "ACTION_REF=v0.0.1", "PATH="+filepath.Dir(p.file)+":"+os.Getenv("PATH"))
	if code != 0 || !strings.HasPrefix(output, "using holdfast "+version+" ") {
		t.Errorf("got exit code %d and %q, want it to use holdfast %s", code, output, version)
	}
}

const rules = `apiVersion: holdfast.dev/v1alpha1
kind: Rules
rules:
- name: redis
  destinations: {middleware: [redis]}
  workloads: {referencing: true}
  strategy: {idleTimeout: 48h}
`

const pod = `apiVersion: v1
kind: Pod
metadata:
  name: cart
spec:
  containers:
  - name: cart
    image: cart
    env:
    - {name: REDIS_URL, value: "redis://sessions.example.com:6379"}
`

func TestActionCheck(t *testing.T) {
	p := hostProgram(t)
	path := "PATH=" + filepath.Dir(p.file) + ":" + os.Getenv("PATH")
	folder := t.TempDir()
	patched := exec.Command(p.file, "patch", "-f", "-", "pod.yaml")
	for name, text := range map[string]string{
		"rules.yaml":           rules,
		"wrong.yaml":           strings.ReplaceAll(rules, "48h", "48 hours"),
		"warned.yaml":          strings.ReplaceAll(rules, "48h", "0s"),
		"pod.yaml":             pod,
		"all of it/one.yaml":   pod,
		"quiet/unrelated.yaml": strings.NewReplacer("REDIS_URL", "COLOUR", "redis://sessions.example.com:6379", "blue").Replace(pod),
	} {
		file := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	patched.Dir, patched.Stdin = folder, strings.NewReader(rules)
	text, err := patched.Output()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "patched.yaml"), text, 0o644); err != nil {
		t.Fatal(err)
	}

	for name, test := range map[string]struct {
		env  []string
		want string
		code int
	}{
		"good rules":                   {[]string{"RULES=rules.yaml"}, "", 0},
		"rules with an error":          {[]string{"RULES=wrong.yaml"}, "::error::holdfast check refuses wrong.yaml", 1},
		"no such rules":                {[]string{"RULES=none.yaml"}, "none.yaml", 1},
		"a warning":                    {[]string{"RULES=warned.yaml", "STRICT=false"}, "warning", 0},
		"a warning, strictly":          {[]string{"RULES=warned.yaml", "STRICT=true"}, "::error::holdfast check refuses warned.yaml", 1},
		"neither true nor false":       {[]string{"RULES=rules.yaml", "STRICT=yes"}, "got 'yes', want true or false", 2},
		"a manifest without":           {[]string{"RULES=rules.yaml", "MANIFESTS=pod.yaml"}, "::error::manifests lack what rules.yaml gives them", 1},
		"it says what is missing":      {[]string{"RULES=rules.yaml", "MANIFESTS=pod.yaml"}, `ISTIO_META_IDLE_TIMEOUT: "48h"`, 1},
		"a manifest with":              {[]string{"RULES=rules.yaml", "MANIFESTS=patched.yaml"}, "", 0},
		"a folder, with a blank in it": {[]string{"RULES=rules.yaml", "MANIFESTS=patched.yaml\n\nall of it\n"}, "::error::manifests lack", 1},
		"a manifest without evidence":  {[]string{"RULES=rules.yaml", "MANIFESTS=quiet\npatched.yaml\n"}, "", 0},
		"no such manifest":             {[]string{"RULES=rules.yaml", "MANIFESTS=none.yaml"}, "none.yaml", 1},
	} {
		t.Run(name, func(t *testing.T) {
			output, code := step(t, "check", folder, append(test.env, path)...)
			if code != test.code || !strings.Contains(output, test.want) {
				t.Errorf("got exit code %d and\n%swant %d and %q", code, output, test.code, test.want)
			}
			if (code == 0) == strings.Contains(output, "::error::") {
				t.Errorf("got exit code %d and\n%swant an annotation with each failure and with nothing else", code, output)
			}
		})
	}
}

// action.yml hands every input to a script, by the environment, never by pasting it into
// one: what stands in a pull request's manifest must not become a command.
func TestActionFile(t *testing.T) {
	var action struct {
		Inputs map[string]struct{ Description string }
		Runs   struct {
			Using string
			Steps []struct {
				Shell, Run string
				Env        map[string]string
			}
		}
	}
	if err := yaml.Unmarshal([]byte(read(t, "../../action.yml")), &action); err != nil {
		t.Fatal(err)
	}
	used := ""
	for _, step := range action.Runs.Steps {
		script, ok := strings.CutPrefix(step.Run, `"$GITHUB_ACTION_PATH/`)
		script, quoted := strings.CutSuffix(script, `"`)
		if !ok || !quoted || step.Shell != "bash" {
			t.Errorf("got the step %q by %s, want a script of the action by bash", step.Run, step.Shell)
		}
		if info, err := os.Stat(filepath.Join("../..", script)); err != nil || info.Mode()&0o100 == 0 {
			t.Errorf("%s: got %v, want a script that can be run", script, err)
		}
		for _, value := range step.Env {
			used += value
		}
	}
	if action.Runs.Using != "composite" || len(action.Runs.Steps) == 0 {
		t.Errorf("got %d steps of %q, want those of a composite action", len(action.Runs.Steps), action.Runs.Using)
	}
	for name := range action.Inputs {
		if !strings.Contains(used, "${{ inputs."+name+" }}") {
			t.Errorf("the input %s goes nowhere", name)
		}
	}
}
