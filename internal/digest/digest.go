// Package digest tells texts apart by few characters. Nothing secret hangs on it.
package digest

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
)

// length is that of a digest in bytes; its text is twice as long. 64 bits tell
// policies and outcomes apart.
const length = 8

// Hex returns the digest of a text: 16 hexadecimal digits.
func Hex(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:length])
}

// Of returns the digest of what write writes, a text that is nowhere as a whole.
func Of(write func(io.Writer) error) (string, error) {
	hash := sha256.New()
	err := write(hash)
	return hex.EncodeToString(hash.Sum(nil)[:length]), err
}
