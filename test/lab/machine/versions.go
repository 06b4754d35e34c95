package machine

import (
	"context"
	"fmt"
	"os/exec"
	"regexp"
	"runtime/debug"

	"github.com/holdfast-mesh/holdfast/test/lab/report"
)

// Versions are what took part, as the programs themselves say, and as this program's own
// build says of the libraries.
func (t *Tools) Versions(ctx context.Context) ([]report.Version, error) {
	var versions []report.Version
	for _, program := range []struct {
		name    string
		command []string
	}{
		{"Istio", []string{t.Agent, "version", "--short"}},
		{"Envoy", []string{t.Envoy, "--version"}},
		{"Kubernetes", []string{t.apiServer, "--version"}},
		{"redis", []string{"redis-server", "--version"}},
		{"MariaDB", []string{"mariadbd", "--version"}},
		{"memcached", []string{"memcached", "--version"}},
		{"Linux", []string{"uname", "-r"}},
	} {
		out, err := exec.CommandContext(ctx, program.command[0], program.command[1:]...).CombinedOutput()
		if err != nil {
			return nil, fmt.Errorf("asking %s for its version: %w: %s", program.name, err, out)
		}
		versions = append(versions, report.Version{Name: program.name, Version: firstVersion(string(out))})
	}
	build, _ := debug.ReadBuildInfo()
	for _, library := range []string{"github.com/go-sql-driver/mysql", "github.com/redis/go-redis/v9", "github.com/bradfitz/gomemcache"} {
		for _, module := range build.Deps {
			if module.Path == library {
				versions = append(versions, report.Version{Name: library, Version: module.Version})
			}
		}
	}
	return versions, nil
}

var versionPattern = regexp.MustCompile(`\d+\.\d+(\.\d+)?`)

// firstVersion finds the version in what a program says of itself.
func firstVersion(text string) string { return versionPattern.FindString(text) }
