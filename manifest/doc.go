// Package manifest finds pods and pod templates in YAML and JSON manifests and
// edits their annotations in place: every byte outside the edited annotations
// stays as it was.
package manifest
