package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
)

func testInstall(t *testing.T, dist string) {
	reference := strings.TrimSpace(read(t, dist, "image.txt"))
	digest, ok := strings.CutPrefix(reference, "registry.example.com/holdfast@sha256:")
	if !ok || len(digest) != 64 {
		t.Fatalf("image.txt: got %q, want an image by digest", reference)
	}
	if !strings.Contains(read(t, dist, "image", "index.json"), digest) {
		t.Errorf("the layout does not have the image %s", digest)
	}
	want := []string{"image: registry.example.com/holdfast:1.2.3-rc.1@sha256:" + digest}
	if diff := cmp.Diff(want, changedLines(read(t, source(t), installFile), read(t, dist, "install.yaml"))); diff != "" {
		t.Errorf("changed lines: want (-), got (+):\n%s", diff)
	}
}

// changedLines are those of after that are not the same in before, without blanks, quotes and
// comments. They stand at the same places, or all lines behind would be among them.
func changedLines(before, after string) []string {
	var changed []string
	old := strings.Split(before, "\n")
	for i, line := range strings.Split(after, "\n") {
		if i < len(old) && line == old[i] {
			continue
		}
		line, _, _ = strings.Cut(line, " #")
		changed = append(changed, strings.ReplaceAll(strings.TrimSpace(line), `"`, ""))
	}
	return changed
}

// testChart reads the package as Helm does.
func testChart(t *testing.T, dist string) {
	path := filepath.Join(dist, "holdfast-1.2.3-rc.1.tgz")
	c, err := loader.LoadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if c.Metadata.Version != "1.2.3-rc.1" || c.Metadata.AppVersion != "1.2.3-rc.1" {
		t.Errorf("got version %s of %s, want 1.2.3-rc.1 of the same", c.Metadata.Version, c.Metadata.AppVersion)
	}
	_, digest, _ := strings.Cut(strings.TrimSpace(read(t, dist, "image.txt")), "@")
	if images := c.Metadata.Annotations["artifacthub.io/images"]; !strings.Contains(images, "holdfast:1.2.3-rc.1@"+digest) {
		t.Errorf("got %q, want the image for Artifact Hub to scan", images)
	}
	if c.Metadata.Annotations["artifacthub.io/license"] != "Apache-2.0" {
		t.Errorf("got the annotations %v, want the chart's own among them", c.Metadata.Annotations)
	}
	for _, file := range c.Raw {
		if !file.ModTime.Equal(at) {
			t.Errorf("%s: got the time %s, want the source's, %s", file.Name, file.ModTime, at)
		}
		if file.Name == "values.yaml" {
			want := []string{"repository: registry.example.com/holdfast", "digest: " + digest}
			if diff := cmp.Diff(want, changedLines(read(t, source(t), chartFolder, "values.yaml"), string(file.Data))); diff != "" {
				t.Errorf("changed values: want (-), got (+):\n%s", diff)
			}
		}
	}
}

func TestPinImage(t *testing.T) {
	for name, test := range map[string]struct{ text, want, problem string }{
		// The line's own comment, and what else is called image, stay.
		"one":        {"a:\n- image: x # why\n  imagePullPolicy: Always\n", "a:\n- image: new # why\n  imagePullPolicy: Always\n", ""},
		"in quotes":  {"image: \"x\" # why\n", "image: \"new\" # why\n", ""},
		"the same":   {"image: x\nimage: x\n", "image: new\nimage: new\n", ""},
		"two images": {"image: x\nimage: y\n", "", "want one image only"},
		"none":       {"kind: Namespace\n", "", "no line with image"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := pinImage(test.text, "new")
			if got != test.want || (err == nil) != (test.problem == "") || err != nil && !strings.Contains(err.Error(), test.problem) {
				t.Errorf("got %q, %v, want %q, %q", got, err, test.want, test.problem)
			}
		})
	}
}

// Without a name of its own the release looks for its image where the chart does.
func TestRepository(t *testing.T) {
	r := release{root: source(t)}
	if got, err := r.repository(); err != nil || got != "holdfast" {
		t.Errorf("got %q, %v, want the chart's", got, err)
	}
	if err := os.WriteFile(filepath.Join(r.root, chartFolder, "values.yaml"), []byte("image: {}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if got, err := r.repository(); err == nil || !strings.Contains(err.Error(), "no image.repository") {
		t.Errorf("got %q, %v, want an error that says what is missing", got, err)
	}
}
