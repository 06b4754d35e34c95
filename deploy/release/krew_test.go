package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// testKrew installs the archive with the real krew, by the release's manifest, and runs the
// plugin through the real kubectl. Only the download is left out: krew takes the archive
// from disk, and holds it against the manifest's checksum all the same.
func testKrew(t *testing.T, dist, archive string) {
	krew := filepath.Join(t.TempDir(), "krew")
	if output, err := exec.Command("go", "build", "-o", krew, "sigs.k8s.io/krew/cmd/krew").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	home := t.TempDir()
	run := func(name string, args ...string) (string, error) {
		t.Helper()
		path := strings.Join([]string{filepath.Join(home, "bin"), kubectlFolder(t), os.Getenv("PATH")}, string(os.PathListSeparator))
		command := exec.CommandContext(t.Context(), name, args...)
		command.Env = append(os.Environ(), "KREW_ROOT="+home, "KREW_NO_UPGRADE_CHECK=1", "PATH="+path, "HOME="+home, "KUBECONFIG=")
		output, err := command.CombinedOutput()
		return string(output), err
	}
	install := []string{"install", "--manifest=" + filepath.Join(dist, "krew.yaml"), "--archive=" + filepath.Join(dist, archive)}
	output, err := run(krew, install...)
	if err != nil {
		t.Fatalf("krew: %v\n%s", err, output)
	}

	kubectl := filepath.Join(kubectlFolder(t), "kubectl")
	if output, err = run(kubectl, "holdfast", "version"); err != nil || !strings.HasPrefix(output, "holdfast "+version+" ") {
		t.Errorf("kubectl holdfast version: got %q (%v), want %s", output, err, version)
	}
	if output, err = run(kubectl, "holdfast", "check", "--help"); err != nil || !strings.Contains(output, "kubectl holdfast check") {
		t.Errorf("help of the plugin: got %q (%v), want it to say kubectl holdfast check", output, err)
	}

	// Without the step that the caveats tell, kubectl knows nothing to complete.
	complete := []string{"__complete", "holdfast", "che"}
	if output, err = run(kubectl, complete...); err != nil || strings.Contains(output, "check") {
		t.Errorf("completion before it is installed: got %q (%v), want none", output, err)
	}
	lines := strings.Split(strings.TrimSpace(caveats), "\n")
	if output, err = run("sh", "-c", lines[len(lines)-1]); err != nil {
		t.Fatalf("what the caveats tell: %v\n%s", err, output)
	}
	if output, err = run(kubectl, complete...); err != nil || !strings.Contains(output, "check\t") {
		t.Errorf("completion: got %q (%v), want check", output, err)
	}

	// Another archive under the same name is refused.
	other := filepath.Join(t.TempDir(), archive)
	if err := os.WriteFile(other, []byte("something else"), 0o644); err != nil {
		t.Fatal(err)
	}
	home = t.TempDir() // nothing installed
	if output, err = run(krew, "install", install[1], "--archive="+other); err == nil || !strings.Contains(output, "checksum") {
		t.Errorf("another archive: got %q (%v), want krew to refuse its checksum", output, err)
	}
}

// kubectlFolder is where 'make tools' built kubectl, or what takes its place.
func kubectlFolder(t *testing.T) string {
	t.Helper()
	folder := os.Getenv("KUBEBUILDER_ASSETS")
	if folder == "" {
		folder = "../../bin/kube"
	}
	folder, err := filepath.Abs(folder)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(folder, "kubectl")); err != nil {
		t.Fatalf("no kubectl: run make tools (%v)", err)
	}
	return folder
}
