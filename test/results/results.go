// Package results is how measurements stand in docs: as JSON that people can read and compare.
package results

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
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

// Write writes files, by name, into a folder, which is made.
func Write(files map[string]string, folder string) error {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(content), 0o644); err != nil {
			return err
		}
	}
	return nil
}
