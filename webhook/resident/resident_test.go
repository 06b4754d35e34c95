package resident

import (
	"slices"
	"testing"
)

// Only what is the file's own is given up: what nobody can have written to, and nobody has.
func TestUnwritten(t *testing.T) {
	const smaps = `00400000-01669000 r-xp 00000000 fe:00 1234                               /usr/bin/hold fast
Size:              18852 kB
Rss:               15012 kB
Anonymous:             0 kB
VmFlags: rd ex mr mw me
01669000-02885000 r--p 01269000 fe:00 1234                               /usr/bin/hold fast
Anonymous:             0 kB
02885000-02931000 rw-p 02485000 fe:00 1234                               /usr/bin/hold fast
Anonymous:             0 kB
02931000-02950000 r--p 02531000 fe:00 1234                               /usr/bin/hold fast
Anonymous:             4 kB
02950000-02960000 r--p 00000000 fe:00 1235                               /usr/bin/other
Anonymous:             0 kB
c000000000-c000400000 rw-p 00000000 00:00 0
Anonymous:             0 kB
7fff0000-7fff1000 r-xp 00000000 00:00 0                                  [vdso]
Anonymous:             0 kB
`
	want := []span{{0x400000, 0x1669000}, {0x1669000, 0x2885000}}
	if got := unwritten(smaps, "/usr/bin/hold fast"); !slices.Equal(got, want) {
		t.Errorf("got %x, want %x", got, want)
	}
	if got := unwritten(smaps, ""); got != nil {
		t.Errorf("without a program: got %x, want nothing", got)
	}
}
