package distinct

import (
	"slices"
	"testing"
)

func TestOf(t *testing.T) {
	tests := []struct {
		rule  string
		given [][]string
		want  []string
	}{
		{"nothing is nothing", nil, nil},
		{"the first of equal items stays", [][]string{{"b", "a", "b"}}, []string{"b", "a"}},
		{"a later list adds what the earlier ones lack", [][]string{{"b", "a"}, {"c", "a", "c"}}, []string{"b", "a", "c"}},
	}
	for _, test := range tests {
		t.Run(test.rule, func(t *testing.T) {
			if got := Of(test.given...); !slices.Equal(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

// A long list, which a set deals with, comes out as a short one does.
func TestOfLongLists(t *testing.T) {
	for _, length := range []int{smallList / 2, smallList/2 + 1, 10 * smallList} {
		var list, want []int
		for i := range length {
			list = append(list, i, i/2)
			want = append(want, i)
		}
		given := slices.Clone(list)
		if got := Of(list); !slices.Equal(got, want) {
			t.Errorf("length %d: got %v, want %v", length, got, want)
		}
		if !slices.Equal(list, given) {
			t.Errorf("length %d: got the argument changed to %v", length, list)
		}
	}
}
