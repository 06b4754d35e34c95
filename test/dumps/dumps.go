// Package dumps reads what was stored of real proxies (verify/testdata).
package dumps

import (
	"compress/gzip"
	"io"
	"os"
)

// Unzip returns the text of a file that gzip packed.
func Unzip(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	z, err := gzip.NewReader(file)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(z)
}
