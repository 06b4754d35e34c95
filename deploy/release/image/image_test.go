package image_test

import (
	"archive/tar"
	"io"
	"io/fs"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/cmd/crane/cmd"
	"github.com/google/go-containerregistry/pkg/crane"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/validate"

	"github.com/holdfast-mesh/holdfast/deploy/release/image"
)

// The programs are texts: what an image is made of does not look into them.
var (
	programs = []image.Program{{Architecture: "amd64", Data: []byte("for amd64")}, {Architecture: "arm64", Data: []byte("for arm64")}}
	facts    = image.Facts{Name: "holdfast:v1.2.3", Version: "v1.2.3", Created: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
)

func write(t *testing.T, facts image.Facts) (folder, digest string) {
	t.Helper()
	folder = filepath.Join(t.TempDir(), "image")
	digest, err := image.Write(folder, programs, facts)
	if err != nil {
		t.Fatal(err)
	}
	return folder, digest
}

// index reads the layout back as those do who push it.
func index(t *testing.T, folder string) v1.ImageIndex {
	t.Helper()
	outer, err := layout.ImageIndexFromPath(folder)
	if err != nil {
		t.Fatal(err)
	}
	manifest, err := outer.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	if len(manifest.Manifests) != 1 {
		t.Fatalf("the layout has %d manifests, want the index alone", len(manifest.Manifests))
	}
	inner, err := outer.ImageIndex(manifest.Manifests[0].Digest)
	if err != nil {
		t.Fatal(err)
	}
	return inner
}

func TestImage(t *testing.T) {
	folder, digest := write(t, facts)
	inner := index(t, folder)
	if err := validate.Index(inner); err != nil {
		t.Fatal(err)
	}
	if got, err := inner.Digest(); err != nil || got.String() != digest {
		t.Errorf("in the layout: got %v (%v), want the digest %s", got, err, digest)
	}
	manifest, err := inner.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	if len(manifest.Manifests) != len(programs) {
		t.Fatalf("got %d images, want one for each of %d architectures", len(manifest.Manifests), len(programs))
	}
	for i, descriptor := range manifest.Manifests {
		if got, want := descriptor.Platform.String(), "linux/"+programs[i].Architecture; got != want {
			t.Errorf("image %d: got platform %s, want %s", i, got, want)
		}
		single, err := inner.Image(descriptor.Digest)
		if err != nil {
			t.Fatal(err)
		}
		checkConfig(t, single, programs[i].Architecture)
		checkFiles(t, single, string(programs[i].Data))
	}
}

// checkConfig holds what a cluster relies on: a user that is a number other than 0, and a
// program that is started without a shell.
func checkConfig(t *testing.T, single v1.Image, architecture string) {
	t.Helper()
	file, err := single.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	if file.OS != "linux" || file.Architecture != architecture || !file.Created.Equal(facts.Created) {
		t.Errorf("got %s/%s of %s, want linux/%s of %s", file.OS, file.Architecture, file.Created, architecture, facts.Created)
	}
	want := v1.Config{
		User: "65532:65532", Entrypoint: []string{"/holdfast"}, Cmd: []string{"webhook"}, WorkingDir: "/",
		Labels: file.Config.Labels,
	}
	if diff := cmp.Diff(want, file.Config); diff != "" {
		t.Errorf("want (-), got (+):\n%s", diff)
	}
	for label, want := range map[string]string{
		"org.opencontainers.image.version": "v1.2.3",
		"org.opencontainers.image.created": "2026-03-01T12:00:00Z",
		"org.opencontainers.image.source":  "https://github.com/holdfast-mesh/holdfast",
	} {
		if got := file.Config.Labels[label]; got != want {
			t.Errorf("label %s: got %q, want %q", label, got, want)
		}
	}
}

// checkFiles holds that there is the program and nothing else: no shell, nothing to update.
func checkFiles(t *testing.T, single v1.Image, program string) {
	t.Helper()
	layers, err := single.Layers()
	if err != nil {
		t.Fatal(err)
	}
	if len(layers) != 1 {
		t.Fatalf("got %d layers, want one", len(layers))
	}
	content, err := layers[0].Uncompressed()
	if err != nil {
		t.Fatal(err)
	}
	defer content.Close()
	var names []string
	for r := tar.NewReader(content); ; {
		header, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, header.Name)
		data, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if string(data) != program || header.Mode != 0o755 || header.Uid != 0 {
			t.Errorf("%s: got %q, mode %o, owner %d; want %q, 755, root", header.Name, data, header.Mode, header.Uid, program)
		}
	}
	if diff := cmp.Diff([]string{"holdfast"}, names); diff != "" {
		t.Errorf("want (-), got (+):\n%s", diff)
	}
}

// Made in two folders, in two time zones, an image is the same to the byte.
func TestSameBytes(t *testing.T) {
	first, digest := write(t, facts)
	elsewhere := facts
	elsewhere.Created = facts.Created.In(time.FixedZone("elsewhere", 5*3600))
	second, again := write(t, elsewhere)
	if digest != again {
		t.Errorf("got the digests %s and %s", digest, again)
	}
	if diff := cmp.Diff(tree(t, first), tree(t, second)); diff != "" {
		t.Errorf("first (-), second (+):\n%s", diff)
	}
	changed := facts
	changed.Version = "v1.2.4"
	if _, other := write(t, changed); other == digest {
		t.Error("another version has the same digest, so the comparison sees nothing")
	}
}

func tree(t *testing.T, folder string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		files[strings.TrimPrefix(path, folder)] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// What the workflow does with 'crane push': a registry has the image under the digest that
// install.yaml was written with before. The registry is a real one, in memory.
func TestPushed(t *testing.T) {
	folder, digest := write(t, facts)
	server := httptest.NewServer(registry.New())
	defer server.Close()
	address := strings.TrimPrefix(server.URL, "http://") + "/holdfast"
	push := cmd.NewCmdPush(&[]crane.Option{})
	push.SetArgs([]string{folder, address + ":v1.2.3"})
	push.SetOut(io.Discard)
	if err := push.Execute(); err != nil {
		t.Fatal(err)
	}
	if got, err := crane.Digest(address + ":v1.2.3"); err != nil || got != digest {
		t.Errorf("got %s (%v), want %s", got, err, digest)
	}
}

func TestNotOverAnother(t *testing.T) {
	folder, _ := write(t, facts)
	if _, err := image.Write(folder, programs, facts); err == nil || !strings.Contains(err.Error(), "want one that is free") {
		t.Errorf("got %v, want an error that says that the folder is in use", err)
	}
}
