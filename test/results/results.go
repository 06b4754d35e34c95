// Package results is how measurements stand in docs: as JSON that people can read and compare.
package results

import (
	"encoding/json"
	"fmt"
	"os"
)

// Read reads a file.
func Read[T any](path string) (*T, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	read := new(T)
	if err := json.Unmarshal(data, read); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return read, nil
}

// JSON is the text of a file.
func JSON(measured any) ([]byte, error) {
	data, err := json.MarshalIndent(measured, "", "  ")
	return append(data, '\n'), err
}
