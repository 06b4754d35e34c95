// Package manifest finds pods and pod templates in YAML and JSON manifests and
// edits their annotations in place: every byte outside the edited annotations
// stays as it was.
//
// A file is cut into documents, each is parsed into nodes with positions, and
// an edit becomes a few replacements of text at such positions; nothing is
// ever printed from the tree. The result is parsed again and compared with
// what was there before, so that a manifest no one has thought of ends in an
// error rather than in a wrong text.
package manifest
