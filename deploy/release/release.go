package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	_ "embed"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/holdfast-mesh/holdfast/deploy/release/archive"
	"github.com/holdfast-mesh/holdfast/deploy/release/image"
	"github.com/holdfast-mesh/holdfast/deploy/release/sbom"
)

// release is one version of one source, and where it goes.
type release struct {
	root    string // of the repository
	out     string // the folder that is made anew
	version string // "v1.2.3"
	image   string // "registry.example.com/holdfast", without tag and digest; empty: the chart's
	at      time.Time
	log     io.Writer
}

// number is the version as images and charts write it: "1.2.3".
func (r release) number() string { return strings.TrimPrefix(r.version, "v") }

// reference is what clusters pull: the digest decides, the tag is for people.
func (r release) reference(digest string) string { return r.image + ":" + r.number() + "@" + digest }

// onlyImage makes the container image and nothing else.
func (r release) onlyImage(ctx context.Context) error {
	work, err := os.MkdirTemp("", "holdfast-image-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	built, err := r.programs(ctx, work, "linux")
	if err != nil {
		return err
	}
	// Only what this makes anew: the rest of a release may lie beside it.
	if err := os.RemoveAll(filepath.Join(r.out, "image")); err != nil {
		return err
	}
	_, err = r.writeImage(built)
	return err
}

// all makes every file of a release.
func (r release) all(ctx context.Context) error {
	// Before minutes of building.
	if err := r.checkSources(); err != nil {
		return err
	}
	if r.image == "" {
		repository, err := r.repository()
		if err != nil {
			return err
		}
		r.image = repository
	}
	if err := os.RemoveAll(r.out); err != nil {
		return err
	}
	work, err := os.MkdirTemp("", "holdfast-release-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	built, err := r.programs(ctx, work, "")
	if err != nil {
		return err
	}
	return r.write(built)
}

// write makes every file of the release from the programs.
func (r release) write(built []program) error {
	digest, err := r.writeImage(built)
	if err != nil {
		return err
	}
	// For those who sign it.
	if err := r.put("image.txt", []byte(r.image+"@"+digest+"\n")); err != nil {
		return err
	}
	archives, err := r.writeArchives(built)
	if err != nil {
		return err
	}
	for _, step := range []func() error{
		func() error { return r.writeChart(digest) },
		func() error { return r.writeInstall(digest) },
		func() error { return r.writeKrew(archives) },
		r.writeChecksums, // last: of all files
	} {
		if err := step(); err != nil {
			return err
		}
	}
	fmt.Fprintf(r.log, "release %s: in %s\n", r.version, r.out)
	return nil
}

// program is a built one.
type program struct {
	platform
	file string
}

// programs builds for every platform, or for those of one operating system, into the folder.
func (r release) programs(ctx context.Context, folder, system string) ([]program, error) {
	fmt.Fprintln(r.log, "building: one to two minutes for each platform on 2 cores the first time, seconds afterwards")
	var built []program
	for _, p := range platforms {
		if system != "" && p.os != system {
			continue
		}
		start := time.Now()
		file := filepath.Join(folder, p.String(), p.program())
		if err := build(ctx, r.root, r.version, p, file); err != nil {
			return nil, err
		}
		fmt.Fprintf(r.log, "built %s in %d s\n", p, int(time.Since(start).Seconds()))
		built = append(built, program{p, file})
	}
	return built, nil
}

// writeImage makes the image of the programs for Linux, and returns its digest.
func (r release) writeImage(built []program) (string, error) {
	var inside []image.Program
	for _, p := range built {
		if p.os != "linux" {
			continue
		}
		data, err := os.ReadFile(p.file)
		if err != nil {
			return "", err
		}
		inside = append(inside, image.Program{Architecture: p.arch, Data: data})
	}
	folder := filepath.Join(r.out, "image")
	digest, err := image.Write(folder, inside, image.Facts{Name: "holdfast:" + r.number(), Version: r.version, Created: r.at})
	if err != nil {
		return "", err
	}
	fmt.Fprintf(r.log, "image %s in %s\n", digest, folder)
	return digest, nil
}

// completion is what kubectl asks for the words after "kubectl holdfast". It is a script, which
// Windows would not run.
//
//go:embed kubectl_complete-holdfast
var completion []byte

// packed is an archive in the folder of the release.
type packed struct {
	platform
	name string
	data []byte
}

// writeArchives packs every program with its licence, and describes what it is made of in a
// file of its own beside it. The archives are also what krew unpacks.
func (r release) writeArchives(built []program) ([]packed, error) {
	licence, err := os.ReadFile(filepath.Join(r.root, "LICENSE"))
	if err != nil {
		return nil, err
	}
	var archives []packed
	for _, p := range built {
		data, err := os.ReadFile(p.file)
		if err != nil {
			return nil, err
		}
		files := []archive.File{{Name: p.program(), Data: data, Executable: true}, {Name: "LICENSE", Data: licence}}
		pack, end := archive.TarGz, ".tar.gz"
		if p.os == "windows" {
			pack, end = archive.Zip, ".zip"
		} else {
			files = append(files, archive.File{Name: "kubectl_complete-holdfast", Data: completion, Executable: true})
		}
		name := "holdfast_" + r.version + "_" + p.String()
		content, err := pack(files, r.at)
		if err != nil {
			return nil, err
		}
		if err := r.put(name+end, content); err != nil {
			return nil, err
		}
		archives = append(archives, packed{p.platform, name + end, content})
		bill, err := sbom.Of(p.file, r.version)
		if err != nil {
			return nil, err
		}
		if err := r.put(name+".cdx.json", bill); err != nil {
			return nil, err
		}
	}
	return archives, nil
}

// checksumsFile is what 'sha256sum -c' reads.
const checksumsFile = "checksums.txt"

// writeChecksums lists the SHA-256 of every file of the release. The image is a folder, and
// its digest is a checksum already: it stands in image.txt.
func (r release) writeChecksums() error {
	entries, err := os.ReadDir(r.out) // sorted by name
	if err != nil {
		return err
	}
	var list bytes.Buffer
	for _, entry := range entries {
		if entry.IsDir() || entry.Name() == checksumsFile {
			continue
		}
		data, err := os.ReadFile(filepath.Join(r.out, entry.Name()))
		if err != nil {
			return err
		}
		fmt.Fprintf(&list, "%x  %s\n", sha256.Sum256(data), entry.Name())
	}
	return r.put(checksumsFile, list.Bytes())
}

// put writes a file of the release.
func (r release) put(name string, data []byte) error {
	if err := os.MkdirAll(r.out, 0o755); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(r.out, name), data, 0o644)
}
