// Package image makes the container image: the program and nothing else, for several
// platforms, in the layout that the Open Container Initiative fixed. It needs no daemon, no
// base image and no network, and the same programs give the same digest.
package image

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/holdfast-mesh/holdfast/deploy/release/archive"
)

const (
	// User is a number, so that Kubernetes can check runAsNonRoot without looking into the
	// image. No file names it; it is the one that images without a distribution use.
	User = "65532:65532"
	// Entrypoint is the path of the one file in the image.
	Entrypoint = "/holdfast"
)

// Program is what runs on one architecture of Linux.
type Program struct {
	Architecture string // by its name in Go: "amd64"
	Data         []byte
}

// Facts are what an image says of itself beside its program.
type Facts struct {
	Name    string    // for daemons that load the layout: "holdfast:v1.2.3"
	Version string    // "v1.2.3"
	Created time.Time // of the source, never of the build
}

// labels are those that registries and scanners look for.
// Source: https://github.com/opencontainers/image-spec/blob/v1.1.1/annotations.md
func (f Facts) labels() map[string]string {
	return map[string]string{
		"org.opencontainers.image.title":         "holdfast",
		"org.opencontainers.image.description":   "Keeps long-lived TCP connections of an Istio mesh alive",
		"org.opencontainers.image.version":       f.Version,
		"org.opencontainers.image.created":       f.Created.UTC().Format(time.RFC3339),
		"org.opencontainers.image.licenses":      "Apache-2.0",
		"org.opencontainers.image.source":        "https://github.com/holdfast-mesh/holdfast",
		"org.opencontainers.image.documentation": "https://github.com/holdfast-mesh/holdfast/blob/main/docs/release.md",
	}
}

// Write makes the image of the programs, in their order, in the folder, which must not be
// there yet. It returns the digest under which every registry will have it ("sha256:...").
func Write(folder string, programs []Program, facts Facts) (string, error) {
	if _, err := os.Stat(folder); !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("%s: got a path that is in use, want one that is free: an image is never written over another", folder)
	}
	index := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	for _, program := range programs {
		image, err := single(program, facts)
		if err != nil {
			return "", fmt.Errorf("image for linux/%s: %w", program.Architecture, err)
		}
		index = mutate.AppendManifests(index, mutate.IndexAddendum{
			Add:        image,
			Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: program.Architecture}},
		})
	}
	annotated, ok := mutate.Annotations(index, facts.labels()).(v1.ImageIndex)
	if !ok {
		return "", errors.New("annotations of an index made something else of it")
	}
	digest, err := annotated.Digest()
	if err != nil {
		return "", err
	}
	path, err := layout.Write(folder, empty.Index)
	if err != nil {
		return "", err
	}
	// The name under which containerd, and with it docker, loads the layout.
	err = path.AppendIndex(annotated, layout.WithAnnotations(map[string]string{
		"io.containerd.image.name":          facts.Name,
		"org.opencontainers.image.ref.name": facts.Version,
	}))
	return digest.String(), err
}

// single is the image of one architecture.
func single(program Program, facts Facts) (v1.Image, error) {
	files := []archive.File{{Name: Entrypoint[1:], Data: program.Data, Executable: true}}
	content, err := archive.Tar(files, facts.Created)
	if err != nil {
		return nil, err
	}
	layer, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(content)), nil
	}, tarball.WithMediaType(types.OCILayer), tarball.WithCompressionLevel(gzip.BestCompression))
	if err != nil {
		return nil, err
	}
	created := v1.Time{Time: facts.Created.UTC()}
	base := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	image, err := mutate.ConfigFile(base, &v1.ConfigFile{
		OS: "linux", Architecture: program.Architecture, Created: created,
		RootFS: v1.RootFS{Type: "layers"},
		Config: v1.Config{User: User, Entrypoint: []string{Entrypoint}, Cmd: []string{"webhook"}, WorkingDir: "/", Labels: facts.labels()},
	})
	if err != nil {
		return nil, err
	}
	return mutate.Append(image, mutate.Addendum{
		Layer:   layer,
		History: v1.History{Created: created, CreatedBy: "make image", Comment: "the program, statically linked"},
	})
}
