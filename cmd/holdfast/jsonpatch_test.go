package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	jsonpatch "gopkg.in/evanphx/json-patch.v4"
	corev1 "k8s.io/api/core/v1"

	"github.com/holdfast-mesh/holdfast/manifest"
	"github.com/holdfast-mesh/holdfast/test/reviews"
)

// applyStream applies the patches that 'holdfast patch -o jsonpatch' printed to
// the documents, one to each, as a script with jq and kubectl would.
func applyStream(path, stream string) ([]*corev1.Pod, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	documents, err := manifest.Objects("manifest", data)
	if err != nil {
		return nil, err
	}
	decoder := json.NewDecoder(strings.NewReader(stream))
	var pods []*corev1.Pod
	for i, document := range documents {
		if isNull(document) {
			continue
		}
		var operations json.RawMessage
		if err := decoder.Decode(&operations); err != nil {
			return nil, fmt.Errorf("no patch for document %d: %w", i, err)
		}
		patch, err := jsonpatch.DecodePatch(operations)
		if err != nil {
			return nil, err
		}
		patched, err := patch.Apply(document)
		if err != nil {
			return nil, err
		}
		found, err := reviews.Pods(path, patched)
		if err != nil {
			return nil, err
		}
		pods = append(pods, found...)
	}
	var rest bytes.Buffer
	if _, err := io.Copy(&rest, decoder.Buffered()); err != nil {
		return nil, err
	}
	if strings.TrimSpace(rest.String()) != "" {
		return nil, errors.New("more patches than documents: " + rest.String())
	}
	return pods, nil
}
