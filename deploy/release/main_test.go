package main

import "testing"

func TestReleaseVersion(t *testing.T) {
	for described, want := range map[string]string{
		"v1.2.3":                "v1.2.3",
		"v1.2.3-rc.1":           "v1.2.3-rc.1",
		"v1.2.3-5-gabc1234":     "v1.2.3-5-gabc1234",     // five commits behind the tag
		"a3366c9":               "v0.0.0-ga3366c9",       // no tag yet
		"0123456":               "v0.0.0-g0123456",       // digits alone: no number, so the zero may lead
		"a3366c9-dirty":         "v0.0.0-ga3366c9-dirty", // with changes that are in no commit
		"":                      "",                      // no git, and nobody said
		"v1.2":                  "",
		"v1.2.3+build":          "", // no tag of an image
		"v1.2.3 && rm -rf dist": "",
		"latest release":        "",
	} {
		got, err := releaseVersion(described)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q: got %q, %v, want %q", described, got, err, want)
		}
	}
}
