package wire

import (
	"reflect"
	"strings"
)

// Key is a key of one of the mappings of a file.
type Key struct {
	Name     string
	Required bool
}

// Keys returns the keys of T, a struct of this package, in the order of the
// reference.
func Keys[T any]() []Key {
	t := reflect.TypeFor[T]()
	keys := make([]Key, 0, t.NumField())
	for i := range t.NumField() {
		name, options, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		keys = append(keys, Key{Name: name, Required: options != "omitempty"})
	}
	return keys
}
