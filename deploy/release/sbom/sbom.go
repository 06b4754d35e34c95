// Package sbom says what a program was made of.
package sbom

import (
	"bytes"
	"fmt"

	"github.com/CycloneDX/cyclonedx-go"
	"github.com/CycloneDX/cyclonedx-gomod/pkg/generate/bin"
	"github.com/rs/zerolog"
)

// Of reads the modules, with their hashes, that the linker recorded in the program at path,
// and Go's own version, and returns them as CycloneDX in JSON. version is the program's own.
// Neither a time nor a random serial number is in it, so that the same program gives the
// same text.
func Of(path, version string) ([]byte, error) {
	generator, err := bin.NewGenerator(path, bin.WithIncludeStdlib(true), bin.WithVersionOverride(version), bin.WithLogger(zerolog.Nop()))
	if err != nil {
		return nil, err
	}
	bom, err := generator.Generate()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	var text bytes.Buffer
	encoder := cyclonedx.NewBOMEncoder(&text, cyclonedx.BOMFileFormatJSON).SetPretty(true)
	// The newest that the readers people have understand.
	if err := encoder.EncodeVersion(bom, cyclonedx.SpecVersion1_6); err != nil {
		return nil, err
	}
	return text.Bytes(), nil
}
