package machine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Tools are the programs that the lab uses, by their paths.
type Tools struct {
	Envoy     string
	Agent     string // pilot-agent
	Client    string // test/lab/client
	Bootstrap string // Istio's template of Envoy's bootstrap
	apiServer string // kube-apiserver, for its version
}

// programs are what must be installed, with the Debian package that has it.
var programs = [][2]string{
	{"ip", "iproute2"},
	{"ss", "iproute2"},
	{"iptables", "iptables"},
	{"iptables-save", "iptables"},
	{"ip6tables", "iptables"},
	{"setpriv", "util-linux"},
	{"redis-server", "redis-server"},
	{"mariadbd", "mariadb-server"},
	{"mariadb-install-db", "mariadb-server"},
	{"memcached", "memcached"},
}

// ErrMissing says that this machine cannot run the lab, and what would help.
var ErrMissing = errors.New("the lab cannot run here")

// Check says everything that is missing at once.
func Check(look func(string) (string, error), uid int) error {
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
	return fmt.Errorf("%w: %s", ErrMissing, strings.Join(problems, "; "))
}

// Prepare builds and fetches what no package holds, into the bin folder of the repository at
// root once, and copies what runs as another user into dir, where every user may read. envoy
// is a path.
func Prepare(ctx context.Context, root, dir, envoy string) (*Tools, error) {
	t, bin := &Tools{}, filepath.Join(root, "bin")
	agent := filepath.Join(bin, "istio", "pilot-agent")
	if _, err := os.Stat(agent); err != nil {
		return nil, fmt.Errorf("%s is missing: run 'make tools' first", agent)
	}
	assets := os.Getenv("KUBEBUILDER_ASSETS")
	if assets == "" {
		assets = filepath.Join(bin, "kube")
	}
	t.apiServer = filepath.Join(assets, "kube-apiserver")
	client := filepath.Join(bin, "lab", "client")
	lab := filepath.Join(root, "test", "lab")
	if err := Run(ctx, lab, "go", "build", "-o", client, "./client"); err != nil {
		return nil, err
	}
	// Not part of a package that Go could embed, so it is taken from the module's folder.
	istio, err := exec.CommandContext(ctx, "go", "list", "-C", lab, "-m", "-f", "{{.Dir}}", "istio.io/istio").Output()
	if err != nil {
		return nil, fmt.Errorf("finding module istio.io/istio: %w", err)
	}
	t.Bootstrap = filepath.Join(strings.TrimSpace(string(istio)), "tools/packaging/common/envoy_bootstrap.json")
	for from, to := range map[string]*string{envoy: &t.Envoy, agent: &t.Agent, client: &t.Client} {
		if *to, err = copyProgram(from, filepath.Join(dir, "bin")); err != nil {
			return nil, err
		}
	}
	return t, nil
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

// Run runs a command in dir; its output is part of the error.
func Run(ctx context.Context, dir, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", strings.Join(cmd.Args, " "), err, strings.TrimSpace(string(out)))
	}
	return nil
}
