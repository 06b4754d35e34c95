package stage

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/holdfast-mesh/holdfast/internal/clip"
	"github.com/holdfast-mesh/holdfast/test/bench/load"
	"github.com/holdfast-mesh/holdfast/test/bench/pods"
	"github.com/holdfast-mesh/holdfast/test/bench/variant"
	"github.com/holdfast-mesh/holdfast/test/reviews"
)

// written is in a pod that has holdfast's annotations.
var written = []byte(`"holdfast.dev/applied":`)

// Create is a call that creates a pod of a variant, as a dry run, and checks that the API server
// answers with the annotations that the variant is to have.
func (s *Stage) Create(v *variant.Variant, size pods.Size) (load.Call, error) {
	body, err := json.Marshal(pods.Pod(size, v.Evidence, v.Name))
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context) (time.Duration, error) {
		begin := time.Now()
		answer, err := s.create(ctx, body)
		took := time.Since(begin)
		if err == nil && bytes.Contains(answer, written) != v.Patches {
			err = fmt.Errorf("%s: got annotations of holdfast %v, want %v: %s", v.Name, !v.Patches, v.Patches, clip.Text(string(answer), 500))
		}
		return took, err
	}, nil
}

// create creates a pod as a dry run, and returns what the API server answers.
func (s *Stage) create(ctx context.Context, body []byte) ([]byte, error) {
	status, answer, err := reviews.Post(ctx, s.client, s.api("/api/v1/namespaces/"+pods.Namespace+"/pods")+"?dryRun=All", body)
	if err == nil && status != http.StatusCreated {
		err = fmt.Errorf("got HTTP %d, want %d: %s", status, http.StatusCreated, clip.Text(string(answer), 500))
	}
	return answer, err
}

// api is the URL of a path on the API server.
func (s *Stage) api(path string) string { return strings.TrimSuffix(s.Cluster.Config.Host, "/") + path }

// Direct is a call that asks a variant's server itself, over a connection that is kept, what the
// API server asked about such a pod.
func (s *Stage) Direct(v *variant.Variant, size pods.Size) load.Call {
	server, review := s.servers[v.Name], s.reviews[reviewKey{size, v.Evidence}]
	patch := []byte(`"patch":`)
	return func(ctx context.Context) (time.Duration, error) {
		begin := time.Now()
		status, answer, err := reviews.Post(ctx, server.client, server.url, review)
		took := time.Since(begin)
		if err == nil && (status != http.StatusOK || bytes.Contains(answer, patch) != v.Patches) {
			err = fmt.Errorf("%s: got HTTP %d %s, want a patch %v", v.Name, status, answer, v.Patches)
		}
		return took, err
	}
}

// Bytes are the sizes of a pod as it is created, and of the review that the API server sends
// about it.
func (s *Stage) Bytes(size pods.Size) (pod, review int, err error) {
	body, err := json.Marshal(pods.Pod(size, pods.Plain, variant.None))
	return len(body), len(s.reviews[reviewKey{size, pods.Plain}]), err
}

// admitted creates a pod of a variant, and returns it as it was admitted, with its annotations
// before.
func (s *Stage) admitted(ctx context.Context, v *variant.Variant, size pods.Size) (before map[string]string, after *corev1.Pod, err error) {
	pod := pods.Pod(size, v.Evidence, v.Name)
	body, err := json.Marshal(pod)
	if err != nil {
		return nil, nil, err
	}
	answer, err := s.create(ctx, body)
	if err != nil {
		return nil, nil, err
	}
	after = &corev1.Pod{}
	return pod.Annotations, after, json.Unmarshal(answer, after)
}
