package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// version is set by the Makefile with -ldflags "-X main.version=...".
var version = ""

// buildInfo is the JSON form of 'holdfast version -o json'.
type buildInfo struct {
	Version  string `json:"version"`
	Revision string `json:"revision,omitempty"`
	Modified bool   `json:"modified,omitempty"`
	Go       string `json:"go"`
	Platform string `json:"platform"`
}

// readBuildInfo takes the version that the build was given, else what the Go
// toolchain recorded (a module version with 'go install ...@version').
func readBuildInfo() buildInfo {
	info := buildInfo{Version: version, Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	recorded, ok := debug.ReadBuildInfo()
	if ok {
		if info.Version == "" {
			info.Version = recorded.Main.Version
		}
		for _, setting := range recorded.Settings {
			switch setting.Key {
			case "vcs.revision":
				info.Revision = setting.Value
			case "vcs.modified":
				info.Modified = setting.Value == "true"
			}
		}
	}
	if info.Version == "" {
		info.Version = "(devel)"
	}
	return info
}

// printVersion prints the text form.
func printVersion(cmd *cobra.Command) error {
	info := readBuildInfo()
	_, err := fmt.Fprintf(cmd.OutOrStdout(), "holdfast %s %s %s\n", info.Version, info.Go, info.Platform)
	return err
}

func newVersion() *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use:   "version",
		Short: "Print version and build information",
		Args:  noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if output == "json" {
				return encodeJSON(cmd.OutOrStdout(), readBuildInfo())
			}
			return printVersion(cmd)
		},
	}
	outputFlag(cmd, &output, "text", "json")
	return cmd
}
