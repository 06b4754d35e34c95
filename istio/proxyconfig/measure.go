package proxyconfig

import (
	"errors"
	"fmt"

	"github.com/holdfast-mesh/holdfast/internal/yamltext"
)

// Bounds of a text that is read. Istio makes every proxyMetadata an environment
// variable of two containers, so that a pod with more than they allow could not
// be stored; and a text that aliases blow up costs Istio what it would cost here.
const (
	// maxSize is what all annotations of an object may hold together, in bytes.
	// Source: https://github.com/kubernetes/apimachinery/blob/v0.36.3/pkg/api/validation/objectmeta.go#L36
	maxSize = 256 << 10
	// maxNodes bounds keys and values together.
	maxNodes = 10_000
)

// ErrTooMuch says that a text was not read because it holds, or by its aliases
// stands for, more than any configuration of a proxy does.
var ErrTooMuch = errors.New("too much to read")

// measure refuses a text that is too large to be read.
func (c *Config) measure() error {
	if len(c.text) > maxSize {
		return fmt.Errorf("%w: got %d bytes, want at most %d", ErrTooMuch, len(c.text), maxSize)
	}
	if nodes := yamltext.MostNodes(c.text); nodes > maxNodes {
		return fmt.Errorf("%w: got up to %d keys and values, want at most %d", ErrTooMuch, nodes, maxNodes)
	}
	if !yamltext.MayAlias(c.text) {
		return nil
	}
	d, err := c.nodes()
	if err != nil {
		return nil // what decodes it says why it is no YAML
	}
	if size := d.Unfolded(); size > maxSize {
		return fmt.Errorf("%w: its aliases stand for over %d bytes, which Istio writes out: want at most that", ErrTooMuch, maxSize)
	}
	return nil
}
