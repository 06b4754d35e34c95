package rules

// Load is load.Rules, set by the tests outside of this package.
var Load func(name string, data []byte) (*File, error)
