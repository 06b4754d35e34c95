package archive

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"io"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var (
	files = []File{{Name: "run", Data: []byte("program"), Executable: true}, {Name: "docs/read", Data: []byte("text")}}
	at    = time.Date(2026, 3, 1, 12, 0, 5, 0, time.UTC)
)

// entry is what somebody who unpacks gets.
type entry struct {
	Name, Data string
	Mode       int64
	At         time.Time
}

var want = []entry{{"run", "program", 0o755, at}, {"docs/read", "text", 0o644, at}}

func TestTarGz(t *testing.T) {
	packed, err := TarGz(files, at)
	if err != nil {
		t.Fatal(err)
	}
	plain, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	if plain.Name != "" || !plain.ModTime.IsZero() {
		t.Errorf("gzip names %q, %v; want neither name nor time", plain.Name, plain.ModTime)
	}
	var got []entry
	for r := tar.NewReader(plain); ; {
		header, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if header.Uid != 0 || header.Gid != 0 || header.Uname != "" || header.Gname != "" {
			t.Errorf("%s belongs to %d:%d (%s:%s), want root by number alone", header.Name, header.Uid, header.Gid, header.Uname, header.Gname)
		}
		data, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, entry{header.Name, string(data), header.Mode, header.ModTime.UTC()})
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("want (-), got (+):\n%s", diff)
	}
}

func TestZip(t *testing.T) {
	packed, err := Zip(files, at)
	if err != nil {
		t.Fatal(err)
	}
	r, err := zip.NewReader(bytes.NewReader(packed), int64(len(packed)))
	if err != nil {
		t.Fatal(err)
	}
	var got []entry
	for _, file := range r.File {
		content, err := file.Open()
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(content)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, entry{file.Name, string(data), int64(file.Mode()), file.Modified.UTC()})
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("want (-), got (+):\n%s", diff)
	}
}

// The same moment, told by a clock in another place and to the nanosecond, gives the same bytes.
func TestSameBytesElsewhere(t *testing.T) {
	elsewhere := at.Add(123 * time.Millisecond).In(time.FixedZone("elsewhere", 5*3600))
	for name, pack := range map[string]func([]File, time.Time) ([]byte, error){"tar": Tar, "tar.gz": TarGz, "zip": Zip} {
		here, err := pack(files, at)
		if err != nil {
			t.Fatal(err)
		}
		there, err := pack(files, elsewhere)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(here, there) {
			t.Errorf("%s: got other bytes for the same moment in another zone", name)
		}
	}
}
