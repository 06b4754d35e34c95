// Package grammar says what single values of a rules file may be, durations, names,
// networks and ports, and what was probably meant by a text that is none: messages
// end with what to write. It knows no file and no position.
package grammar
