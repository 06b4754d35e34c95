package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/holdfast-mesh/holdfast/test/dumps"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"holdfast": main,
		// As kubectl calls it.
		"kubectl-holdfast": main,
	})
}

// The command line as users type it: output, standard error, exit codes.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:           "testdata/script",
		UpdateScripts: os.Getenv("UPDATE_SCRIPTS") != "",
		Cmds:          map[string]func(*testscript.TestScript, bool, []string){"proxy": copyProxy},
	})
}

// copyProxy is the command "proxy NAME": it puts the dump, the server info and the pod of a real
// proxy, a folder of verify/testdata, into the script's folder.
func copyProxy(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: proxy NAME")
	}
	folder, err := filepath.Abs(filepath.Join("../../verify/testdata", args[0]))
	ts.Check(err)
	for _, name := range []string{"server_info.json", "pod.yaml"} {
		text, err := os.ReadFile(filepath.Join(folder, name))
		ts.Check(err)
		ts.Check(os.WriteFile(ts.MkAbs(name), text, 0o644))
	}
	text, err := dumps.Unzip(filepath.Join(folder, "config_dump.json.gz"))
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs("dump.json"), text, 0o644))
}
