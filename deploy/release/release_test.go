package main

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"debug/buildinfo"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/CycloneDX/cyclonedx-go"
	"github.com/google/go-cmp/cmp"
)

// host is the platform that the tests run on: the others take minutes to build.
var host = platform{runtime.GOOS, runtime.GOARCH}

const version = "v1.2.3-rc.1"

// built is the program as a release builds it, for the host; its folder is TestMain's.
var (
	folder string
	built  = sync.OnceValues(func() (program, error) {
		file := filepath.Join(folder, host.program())
		return program{host, file}, build(context.Background(), "../..", version, host, file)
	})
)

func TestMain(m *testing.M) {
	var err error
	if folder, err = os.MkdirTemp("", "holdfast-release-test-"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	os.RemoveAll(folder)
	os.Exit(code)
}

func hostProgram(t *testing.T) program {
	t.Helper()
	p, err := built()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// source is a repository as small as a release allows.
func source(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	if err := os.CopyFS(root, os.DirFS("testdata/source")); err != nil {
		t.Fatal(err)
	}
	licence, err := os.ReadFile("../../LICENSE")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, "LICENSE"), licence, 0o644); err != nil {
		t.Fatal(err)
	}
	return root
}

// write makes a release of the program alone, and returns its folder.
func write(t *testing.T, p program, at time.Time) string {
	t.Helper()
	r := release{
		root: source(t), out: filepath.Join(t.TempDir(), "dist"), version: version,
		image: "registry.example.com/holdfast", at: at, log: io.Discard,
	}
	if err := r.checkSources(); err != nil {
		t.Fatal(err)
	}
	if err := r.write([]program{p}); err != nil {
		t.Fatal(err)
	}
	return r.out
}

var at = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func read(t *testing.T, path ...string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(path...))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestRelease(t *testing.T) {
	p := hostProgram(t)
	dist := write(t, p, at)
	name := "holdfast_" + version + "_" + host.String()

	t.Run("files", func(t *testing.T) {
		var names []string
		for file := range tree(t, dist) {
			if !strings.HasPrefix(file, "image/") {
				names = append(names, file)
			}
		}
		want := map[string]bool{
			"checksums.txt": true, "holdfast-1.2.3-rc.1.tgz": true, name + ".tar.gz": true, name + ".cdx.json": true,
			"image.txt": true, "install.yaml": true, "krew.yaml": true,
		}
		for _, name := range names {
			if !want[name] {
				t.Errorf("got %s, which no document promises", name)
			}
			delete(want, name)
		}
		for name := range want {
			t.Errorf("got no %s", name)
		}
	})
	t.Run("program", func(t *testing.T) { testProgram(t, p) })
	t.Run("archive", func(t *testing.T) { testArchive(t, filepath.Join(dist, name+".tar.gz"), read(t, p.file)) })
	t.Run("bill of materials", func(t *testing.T) { testBill(t, filepath.Join(dist, name+".cdx.json"), p.file) })
	t.Run("checksums", func(t *testing.T) { testChecksums(t, dist) })
	t.Run("install", func(t *testing.T) { testInstall(t, dist) })
	t.Run("chart", func(t *testing.T) { testChart(t, dist) })
	t.Run("krew", func(t *testing.T) { testKrew(t, dist, name+".tar.gz") })
	t.Run("same bytes", func(t *testing.T) {
		again := write(t, p, at.In(time.FixedZone("elsewhere", 5*3600)))
		if diff := cmp.Diff(tree(t, dist), tree(t, again)); diff != "" {
			t.Errorf("first (-), second (+):\n%s", diff)
		}
	})
}

// testProgram holds that it is static, and that no path of this machine is in it.
func testProgram(t *testing.T, p program) {
	info, err := buildinfo.ReadFile(p.file)
	if err != nil {
		t.Fatal(err)
	}
	settings := map[string]string{}
	for _, setting := range info.Settings {
		settings[setting.Key] = setting.Value
	}
	if settings["CGO_ENABLED"] != "0" || settings["-trimpath"] != "true" || settings["vcs.revision"] != "" {
		t.Errorf("got the settings %v, want no C, trimmed paths, nothing of the clone", settings)
	}
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(read(t, p.file), root) {
		t.Errorf("the program holds the path %s", root)
	}
	output, err := exec.Command(p.file, "version").Output()
	if err != nil || !strings.HasPrefix(string(output), "holdfast "+version+" ") {
		t.Errorf("version: got %q (%v), want %s", output, err, version)
	}
}

func testArchive(t *testing.T, path, program string) {
	plain, err := gzip.NewReader(strings.NewReader(read(t, path)))
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for r := tar.NewReader(plain); ; {
		header, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		got[header.Name] = string(data)
	}
	want := map[string]string{"holdfast": program, "LICENSE": read(t, "../../LICENSE"), "kubectl_complete-holdfast": read(t, "kubectl_complete-holdfast")}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("want (-), got (+):\n%s", diff)
	}
}

// testBill holds the bill against what the linker recorded: the same modules, in the same
// versions, each with its hash, and Go's own library.
func testBill(t *testing.T, path, program string) {
	var bill cyclonedx.BOM
	if err := cyclonedx.NewBOMDecoder(strings.NewReader(read(t, path)), cyclonedx.BOMFileFormatJSON).Decode(&bill); err != nil {
		t.Fatal(err)
	}
	info, err := buildinfo.ReadFile(program)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"std": info.GoVersion}
	for _, module := range info.Deps {
		want[module.Path] = module.Version
	}
	got := map[string]string{}
	for _, component := range *bill.Components {
		got[component.Name] = component.Version
		if component.Name != "std" && component.Hashes == nil {
			t.Errorf("%s has no hash", component.Name)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("want (-), got (+):\n%s", diff)
	}
	if main := bill.Metadata.Component; main.Name != "github.com/holdfast-mesh/holdfast" || main.Version != version {
		t.Errorf("it is the bill of %s %s, want holdfast %s", main.Name, main.Version, version)
	}
	if bill.SerialNumber != "" || bill.Metadata.Timestamp != "" {
		t.Errorf("got serial number %q and time %q, which no second build has", bill.SerialNumber, bill.Metadata.Timestamp)
	}
}

// testChecksums reads the list with the program that the documentation names.
func testChecksums(t *testing.T, dist string) {
	check := func(folder string) error {
		command := exec.Command("sha256sum", "--check", "--strict", checksumsFile)
		command.Dir = folder
		return command.Run()
	}
	if err := check(dist); err != nil {
		t.Errorf("got %v", err)
	}
	if got, want := strings.Count(read(t, dist, checksumsFile), "\n"), 6; got != want {
		t.Errorf("got %d lines, want one for each of %d files", got, want)
	}
	changed := t.TempDir()
	if err := os.CopyFS(changed, os.DirFS(dist)); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(changed, "install.yaml"), []byte("kind: Else\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := check(changed); err == nil {
		t.Error("a changed file goes unnoticed")
	}
}

// What is missing is said before anything is built, all of it at once.
func TestMissingSources(t *testing.T) {
	r := release{root: t.TempDir(), out: t.TempDir(), version: version, at: at, log: io.Discard}
	err := r.all(t.Context())
	if err == nil {
		t.Fatal("got no error")
	}
	for _, name := range []string{"deploy/chart/Chart.yaml", "deploy/install.yaml", "LICENSE"} {
		if !strings.Contains(err.Error(), "a release needs "+name) {
			t.Errorf("got %q, want it to name %s", err, name)
		}
	}
}

// tree is what a folder holds, by path.
func tree(t *testing.T, folder string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := fs.WalkDir(os.DirFS(folder), ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		files[path] = read(t, folder, path)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}
