// Package yamltext knows where things stand in a YAML or JSON text, and changes
// entries of its mappings without touching any other byte.
//
// Parse cuts a text into documents. A Document holds the nodes of
// go.yaml.in/yaml/v4, with their tags for JSON too, and says of a node where it
// stands: lines and columns count from 1, columns in characters. All, Direct,
// Get, Index and Merged find what is in a mapping; they return nil, -1 or nothing
// where there is nothing, so that calls nest.
//
// An Edit says what to change in one document, never where: Set replaces, adds
// and removes entries of a mapping, Insert adds one in front, Fill and FillRoot
// give entries to what has none, Empty takes the last, Inline writes out what
// aliases share. What is new is written as its neighbours are: in a block or in
// braces, with their quotes, indentation and line ends; a text that had several
// lines keeps those that are in the new one. Comments stay, but for those inside
// of a value that goes. Apply makes the changes of all edits of a document at
// once; nothing is ever printed from the nodes.
//
// An edit that would change something else, too, is an *Error with its place,
// and then nothing is changed: a value that an anchor shares, an anchor that
// is used elsewhere, a comment that would become a part of the text above it. Rare
// ways to write YAML may still deceive an edit, so callers read the result again
// and compare it with what was meant.
//
// Time and memory grow linearly with the text, whatever it holds: aliases are
// followed, never unfolded, and Unfolded and MostNodes tell beforehand what
// others would make of it. Only Get and Merged take as long as the merges of one
// mapping are many, each time.
package yamltext
