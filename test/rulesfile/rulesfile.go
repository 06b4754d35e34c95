// Package rulesfile makes rules files of what differs between the tests that write them.
package rulesfile

import (
	"testing"

	"github.com/holdfast-mesh/holdfast/rules"
	"github.com/holdfast-mesh/holdfast/rules/load"
)

// Of loads the file that has text below its apiVersion and kind. Warnings are no problem.
func Of(t testing.TB, text string) *rules.File {
	t.Helper()
	file, problems := load.Rules("rules.yaml", []byte("apiVersion: holdfast.dev/v1alpha1\nkind: Rules\n"+text))
	if file == nil {
		t.Fatal(problems)
	}
	return file
}
