package ports

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestMerge(t *testing.T) {
	tests := []struct {
		rule  string
		given []Range
		want  []Range
	}{
		{"none are none", nil, nil},
		{"order does not count", []Range{{6379, 6379}, {25, 25}}, []Range{{25, 25}, {6379, 6379}}},
		{"equal ones are one", []Range{{25, 25}, {25, 25}}, []Range{{25, 25}}},
		{"overlapping ones are one", []Range{{10, 20}, {15, 30}}, []Range{{10, 30}}},
		{"one inside another adds nothing", []Range{{10, 30}, {15, 20}}, []Range{{10, 30}}},
		{"adjacent ones are one", []Range{{10, 20}, {21, 30}}, []Range{{10, 30}}},
		{"a gap of one port stays", []Range{{10, 20}, {22, 30}}, []Range{{10, 20}, {22, 30}}},
		{"the highest port has no next one", []Range{{1, 65535}, {0, 0}}, []Range{{0, 65535}}},
		{"a range that ends before it begins has no port", []Range{{5, 4}}, []Range{}},
	}
	for _, test := range tests {
		t.Run(test.rule, func(t *testing.T) {
			given := slices.Clone(test.given)
			if got := Merge(test.given); !slices.Equal(got, test.want) {
				t.Errorf("got %v, want %v", got, test.want)
			}
			if !slices.Equal(given, test.given) {
				t.Errorf("got the argument changed to %v", test.given)
			}
		})
	}
}

// What is merged has the ports of what was given, each once.
func TestMergedRangesHaveEveryPort(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var ranges []Range
		want := map[uint16]bool{}
		for range rapid.IntRange(0, 5).Draw(t, "count") {
			first := rapid.OneOf(rapid.Uint16Range(0, 40), rapid.Uint16Range(65500, 65535)).Draw(t, "first")
			last := first + min(rapid.Uint16Range(0, 20).Draw(t, "more"), 65535-first)
			ranges = append(ranges, Range{first, last})
			for p := int(first); p <= int(last); p++ {
				want[uint16(p)] = true
			}
		}
		merged := Merge(ranges)
		got := slices.Collect(All(merged))
		if len(got) != len(want) || len(got) != Count(merged) || !slices.IsSorted(got) {
			t.Fatalf("%v: got %v by %v (count %d), want %d ports ascending", ranges, got, merged, Count(merged), len(want))
		}
		for _, p := range got {
			if !want[p] {
				t.Fatalf("%v: got %d by %v, want it left out", ranges, p, merged)
			}
		}
	})
}

func TestAllStops(t *testing.T) {
	var got []uint16
	for p := range All([]Range{{7, 8}, {65535, 65535}}) {
		if got = append(got, p); p == 8 {
			break
		}
	}
	if want := []uint16{7, 8}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
