// Package decide compiles a rules file into an immutable Set and decides for
// one pod which annotations make the matching strategies real. It is pure: it
// reads no file, clock or network.
package decide
