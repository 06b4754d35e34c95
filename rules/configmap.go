package rules

import (
	"cmp"
	"iter"
	"slices"
	"strings"
)

// ConfigMaps are those of one namespace, as far as they are known.
type ConfigMaps interface {
	// ConfigMap returns what is kept of a ConfigMap, or nil if it is not known, or
	// not yet.
	ConfigMap(name string) *ConfigMap
}

// ConfigMap is what is kept of a ConfigMap: texts that can show an address, without
// its secrets. It is immutable, and small: a cluster may have 20,000 of them.
type ConfigMap struct {
	// packed has a line "key\tname\tvalue\n" for each setting, sorted by key.
	packed string
}

// Setting is one value of a ConfigMap.
type Setting struct {
	Key   string // of the ConfigMap
	Name  string // in the file that the key holds; empty: the key holds nothing but the value
	Value string
}

// NewConfigMap keeps settings, those of one key in their order. What would part lines
// and columns becomes a blank.
func NewConfigMap(settings []Setting) *ConfigMap {
	slices.SortStableFunc(settings, func(a, b Setting) int { return cmp.Compare(a.Key, b.Key) })
	var b strings.Builder
	size := 0
	for _, s := range settings {
		size += len(s.Key) + len(s.Name) + len(s.Value) + len("\t\t\n")
	}
	b.Grow(size)
	for _, s := range settings {
		column(&b, s.Key)
		b.WriteByte('\t')
		column(&b, s.Name)
		b.WriteByte('\t')
		column(&b, s.Value)
		b.WriteByte('\n')
	}
	return &ConfigMap{b.String()}
}

func column(b *strings.Builder, text string) {
	for {
		i := strings.IndexAny(text, "\t\n")
		if i < 0 {
			b.WriteString(text)
			return
		}
		b.WriteString(text[:i])
		b.WriteByte(' ')
		text = text[i+1:]
	}
}

// Size is how many bytes the settings take.
func (c *ConfigMap) Size() int { return len(c.packed) }

// All returns every setting, sorted by key.
func (c *ConfigMap) All() iter.Seq[Setting] {
	return func(yield func(Setting) bool) {
		for rest := c.packed; rest != ""; {
			var s Setting
			if s, rest = next(rest); !yield(s) {
				return
			}
		}
	}
}

// Of returns the settings of one key. It takes logarithmic time to find them.
func (c *ConfigMap) Of(key string) iter.Seq[Setting] {
	return func(yield func(Setting) bool) {
		low, high := 0, len(c.packed) // begins of lines: the key's first is between them
		for low < high {
			middle := strings.LastIndexByte(c.packed[:low+(high-low)/2], '\n') + 1
			s, rest := next(c.packed[middle:])
			if s.Key < key {
				low = len(c.packed) - len(rest)
			} else {
				high = middle
			}
		}
		for rest := c.packed[low:]; rest != ""; {
			var s Setting
			if s, rest = next(rest); s.Key != key || !yield(s) {
				return
			}
		}
	}
}

// next reads the first line.
func next(lines string) (s Setting, rest string) {
	line, rest, _ := strings.Cut(lines, "\n")
	s.Key, line, _ = strings.Cut(line, "\t")
	s.Name, s.Value, _ = strings.Cut(line, "\t")
	return s, rest
}
