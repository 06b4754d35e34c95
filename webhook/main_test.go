package webhook

import (
	"testing"

	"github.com/go-logr/logr"
)

// Without a logger controller-runtime complains with a stack after 30 s.
func TestMain(m *testing.M) {
	UseLogger(logr.Discard())
	m.Run()
}
