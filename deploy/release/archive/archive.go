// Package archive packs files for download so that the same files give the same bytes: on
// any machine, under any user, mask and time zone.
package archive

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"io"
	"time"
)

// File is what an archive holds under a name.
type File struct {
	Name       string // with slashes
	Data       []byte
	Executable bool
}

// mode is the file's, whatever the mask of the one who builds.
func (f File) mode() int64 {
	if f.Executable {
		return 0o755
	}
	return 0o644
}

// Tar packs the files, in the order given and owned by root, as of the given time, to the
// second: the plain header has no room for more.
func Tar(files []File, at time.Time) ([]byte, error) {
	var buffer bytes.Buffer
	w := tar.NewWriter(&buffer)
	for _, file := range files {
		header := &tar.Header{
			Typeflag: tar.TypeReg, Name: file.Name, Size: int64(len(file.Data)), Mode: file.mode(),
			ModTime: at, Format: tar.FormatUSTAR,
		}
		if err := w.WriteHeader(header); err != nil {
			return nil, err
		}
		if _, err := w.Write(file.Data); err != nil {
			return nil, err
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return buffer.Bytes(), nil
}

// TarGz is Tar, compressed. The header of gzip names neither a file nor a time.
func TarGz(files []File, at time.Time) ([]byte, error) {
	plain, err := Tar(files, at)
	if err != nil {
		return nil, err
	}
	var buffer bytes.Buffer
	w, err := gzip.NewWriterLevel(&buffer, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(plain); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return buffer.Bytes(), nil
}

// Zip packs the same for Windows, which unpacks nothing else by itself.
func Zip(files []File, at time.Time) ([]byte, error) {
	var buffer bytes.Buffer
	w := zip.NewWriter(&buffer)
	for _, file := range files {
		header := &zip.FileHeader{Name: file.Name, Method: zip.Deflate, Modified: at.UTC()}
		header.SetMode(0o644)
		if file.Executable {
			header.SetMode(0o755)
		}
		entry, err := w.CreateHeader(header)
		if err != nil {
			return nil, err
		}
		if _, err := io.Copy(entry, bytes.NewReader(file.Data)); err != nil {
			return nil, err
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return buffer.Bytes(), nil
}
