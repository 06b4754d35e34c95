package proxyconfig

import (
	"errors"
	"fmt"

	"github.com/holdfast-mesh/holdfast/internal/yamltext"
)

// Bounds of a text that is read; errors say them in few words, so that a
// warning has room for all of one. Istio makes every proxyMetadata an environment
// variable of two containers, so that a pod with more than they allow could not
// be stored; and a text that aliases blow up costs Istio what it would cost here.
const (
	// maxSize is what all annotations of an object may hold together, in bytes.
	// Source: https://github.com/kubernetes/apimachinery/blob/v0.36.3/pkg/api/validation/objectmeta.go#L36
	maxSize = 256 << 10
	// maxNodes bounds keys and values together, as yamltext.MostNodes counts:
	// about 2,500 keys on lines of their own.
	maxNodes = 10_000
)

// ErrTooMuch says that a text was not read because it holds, or by its aliases
// stands for, more than any configuration of a proxy does.
var ErrTooMuch = errors.New("too much to read")

// measure refuses a text that is too large to be read.
func (c *Config) measure() error {
	if len(c.text) > maxSize {
		return fmt.Errorf("got %d bytes, want at most %d: %w", len(c.text), maxSize, ErrTooMuch)
	}
	if nodes := yamltext.MostNodes(c.text); nodes > maxNodes {
		return fmt.Errorf("may hold %d keys and values, want %d: %w", nodes, maxNodes, ErrTooMuch)
	}
	if !yamltext.MayAlias(c.text) {
		return nil
	}
	d, err := c.nodes()
	if err != nil {
		return nil // what decodes it says why it is no YAML
	}
	if size := d.Unfolded(); size > maxSize {
		return fmt.Errorf("aliases stand for over %d KiB: %w", maxSize>>10, ErrTooMuch) // Istio would write them out
	}
	return nil
}
