package rules

// Load reads a rules file strictly. Every problem is reported, errors and
// warnings, in text order. file is nil if there is any error. name stands in
// the problems.
func Load(name string, data []byte) (file *File, problems Problems) { panic("skeleton") }
