package rules

import (
	"cmp"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// What goes in comes out, sorted by key; a key's settings are found.
func TestConfigMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`[a-c.]{0,3}`)
		settings := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Setting {
			return Setting{Key: text.Draw(t, "key"), Name: text.Draw(t, "name"), Value: text.Draw(t, "value")}
		}), 0, 20).Draw(t, "settings")
		of := map[string][]Setting{}
		for _, s := range settings {
			of[s.Key] = append(of[s.Key], s)
		}
		c := NewConfigMap(slices.Clone(settings))
		if got := slices.Collect(c.All()); len(got) != len(settings) || !slices.IsSortedFunc(got, func(a, b Setting) int { return cmp.Compare(a.Key, b.Key) }) {
			t.Fatalf("got %v, want %v", got, settings)
		}
		for _, key := range []string{"", "a", "b", "c", ".", "ab", "bc.", "zz"} {
			if got := slices.Collect(c.Of(key)); !slices.Equal(got, of[key]) {
				t.Errorf("%q: got %v, want %v", key, got, of[key])
			}
		}
	})
}

// Values cannot look like lines of their own.
func TestConfigMapColumns(t *testing.T) {
	c := NewConfigMap([]Setting{{Key: "k", Value: "a\nk2\tb"}})
	if got := slices.Collect(c.All()); len(got) != 1 || got[0].Value != "a k2 b" {
		t.Errorf("got %q, want one setting of one line", got)
	}
}
