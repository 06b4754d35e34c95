package rules

// Set is a compiled, immutable rules file, safe for many goroutines.
type Set struct{}

// Compile makes a Set of a loaded file.
func Compile(file *File) *Set { panic("skeleton") }

// File returns what the set was compiled from. The caller may not change it.
func (s *Set) File() *File { panic("skeleton") }

// Hash identifies the policy: equal files have equal hashes, whatever their
// comments and layout.
func (s *Set) Hash() string { panic("skeleton") }
