// Package yamltext knows where things stand in a YAML or JSON text, and changes
// entries of its mappings without touching any other byte.
//
// Parse cuts a text into documents; each holds its nodes, and says of a node
// where it stands. An Edit says what to change in one document: entries of a
// mapping to set, remove or add. What is new is written as its neighbours are
// (block or flow, quotes, indentation, line ends). Apply makes the changes of
// all edits of a document at once; nothing is ever printed from the tree.
//
// Time and memory grow linearly with the text, whatever it holds: aliases are
// followed, never unfolded.
//
// An edit that cannot be made without changing something else is an *Error with
// its position. Rare ways to write YAML may still deceive an edit, so callers
// read the result again and compare it with what was meant.
package yamltext
