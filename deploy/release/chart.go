package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"helm.sh/helm/v4/pkg/chart/common"
	chart "helm.sh/helm/v4/pkg/chart/v2"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
	"helm.sh/helm/v4/pkg/chart/v2/util"

	"github.com/holdfast-mesh/holdfast/internal/yamltext"
)

// What a release takes from the repository beside the program, from its root.
const (
	chartFolder = "deploy/chart"
	installFile = "deploy/install.yaml"
)

// checkSources looks for what the release is made of, so that nobody waits minutes for the
// message that something is missing.
func (r release) checkSources() error {
	var problems []error
	for _, name := range []string{chartFolder + "/Chart.yaml", chartFolder + "/values.yaml", installFile, "LICENSE"} {
		if _, err := os.Stat(filepath.Join(r.root, name)); err != nil {
			problems = append(problems, fmt.Errorf("a release needs %s: %w", name, errors.Unwrap(err)))
		}
	}
	return errors.Join(problems...)
}

// repository is where the chart looks for the image, unless somebody says otherwise.
func (r release) repository() (string, error) {
	text, err := os.ReadFile(filepath.Join(r.root, chartFolder, "values.yaml"))
	if err != nil {
		return "", err
	}
	document, problem := yamltext.First(string(text))
	if problem != nil {
		return "", fmt.Errorf("%s/values.yaml: %w", chartFolder, problem)
	}
	repository := yamltext.Get(yamltext.Get(document.Root, "image"), "repository")
	if repository == nil || repository.Value == "" {
		return "", fmt.Errorf("%s/values.yaml: got no image.repository, want one, or make release IMAGE=REGISTRY/NAME", chartFolder)
	}
	return repository.Value, nil
}

// writeChart packs the chart as 'helm package' does, in the release's version, with the
// release's image as its default, and with times of the source instead of the clone's.
func (r release) writeChart(digest string) error {
	folder := filepath.Join(r.root, chartFolder)
	c, err := loader.LoadDir(folder)
	if err != nil {
		return fmt.Errorf("%s: %w", chartFolder, err)
	}
	c.Metadata.Version = r.number()
	c.Metadata.AppVersion = r.number()
	if c.Metadata.Annotations == nil {
		c.Metadata.Annotations = map[string]string{}
	}
	// Artifact Hub scans what is named here.
	// Source: https://artifacthub.io/docs/topics/annotations/helm/
	c.Metadata.Annotations["artifacthub.io/images"] = fmt.Sprintf("- name: holdfast\n  image: %s\n", r.reference(digest))
	if err := r.pinValues(c, digest); err != nil {
		return fmt.Errorf("%s/values.yaml: %w", chartFolder, err)
	}
	c.ModTime, c.SchemaModTime = r.at, r.at
	if c.Lock != nil {
		c.Lock.Generated = r.at
	}
	for _, files := range [][]*common.File{c.Raw, c.Templates, c.Files} {
		for _, file := range files {
			file.ModTime = r.at
		}
	}
	path, err := util.Save(c, r.out)
	if err != nil {
		return fmt.Errorf("%s: %w", chartFolder, err)
	}
	fmt.Fprintf(r.log, "chart %s\n", path)
	return nil
}

// pinValues gives the chart's values image.repository and image.digest what the release has.
// Comments stay: they are what people read.
func (r release) pinValues(c *chart.Chart, digest string) error {
	for _, file := range c.Raw {
		if file.Name != "values.yaml" {
			continue
		}
		document, problem := yamltext.First(string(file.Data))
		if problem != nil {
			return problem
		}
		values := yamltext.Get(document.Root, "image")
		entries := []yamltext.Entry{{Key: "repository", Text: r.image}, {Key: "digest", Text: digest}}
		for _, entry := range entries {
			if yamltext.Index(values, entry.Key) < 0 {
				return fmt.Errorf("got no value image.%s, want one to write the release's own into", entry.Key)
			}
		}
		edit := document.Edit(yamltext.Style{})
		edit.Set(values, entries, nil)
		text, problem := document.Apply(edit)
		if problem != nil {
			return problem
		}
		file.Data = []byte(text)
		return nil
	}
	return fs.ErrNotExist
}

// imageLine is a container's image in a manifest.
var imageLine = regexp.MustCompile(`(?m)^(\s*(?:- )?image:[ ]*)("?)([^\s"]+)("?)`)

// writeInstall copies the manifest that is rendered from the chart, with the release's image
// by its digest: nobody who moves a tag changes what an installation runs.
func (r release) writeInstall(digest string) error {
	text, err := os.ReadFile(filepath.Join(r.root, installFile))
	if err != nil {
		return err
	}
	pinned, err := pinImage(string(text), r.reference(digest))
	if err != nil {
		return fmt.Errorf("%s: %w", installFile, err)
	}
	return r.put("install.yaml", []byte(pinned))
}

// pinImage gives every container of a manifest the image. All have the same one before:
// another would be somebody else's, and not for us to replace.
func pinImage(text, reference string) (string, error) {
	matches := imageLine.FindAllStringSubmatch(text, -1)
	if len(matches) == 0 {
		return "", errors.New("got no line with image:, want one to write the release's own into")
	}
	for _, match := range matches {
		if match[3] != matches[0][3] {
			return "", fmt.Errorf("got the images %s and %s, want one image only", matches[0][3], match[3])
		}
	}
	return imageLine.ReplaceAllString(text, "${1}${2}"+strings.ReplaceAll(reference, "$", "$$")+"${4}"), nil
}
