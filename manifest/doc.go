// Package manifest finds pods and pod templates in YAML and JSON manifests and
// edits their annotations in place: every byte outside the edited annotations
// stays as it was.
//
// Parse finds them, with the facts of the pods that they make; Apply turns
// edits of annotations into changes of the text, which internal/yamltext makes.
// The result is parsed again and compared with what was there before, so that a
// manifest no one has thought of ends in an error rather than in a wrong text.
// Objects gives the same documents as JSON.
package manifest
