package rules_test

import (
	"github.com/holdfast-mesh/holdfast/rules"
	"github.com/holdfast-mesh/holdfast/rules/load"
)

// The tests inside of package rules read files through the loader, which
// imports it.
func init() {
	rules.Load = func(name string, data []byte) (*rules.File, error) {
		file, problems := load.Rules(name, data)
		if file == nil {
			return nil, problems
		}
		return file, nil
	}
}
