package stage

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/holdfast-mesh/holdfast/test/bench/pods"
)

// inForceTime is how long the API server may take to follow what is new.
const inForceTime = 30 * time.Second

// errNotYet is in the error of a variant that may come in force by waiting.
var errNotYet = errors.New("not in force")

// waitInForce returns when every variant's pods of every size are admitted as they should be.
func (s *Stage) waitInForce(ctx context.Context) error {
	deadline := time.Now().Add(inForceTime)
	for {
		err := s.Check(ctx)
		if err == nil || !errors.Is(err, errNotYet) || time.Now().After(deadline) {
			return err
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// Check creates a pod of each size and variant, and says which got other annotations than
// holdfast's patch has, and which servers were not asked or did not answer.
func (s *Stage) Check(ctx context.Context) error {
	before, unanswered, err := s.asked(ctx)
	if err != nil {
		return err
	}
	var problems []error
	for i := range s.Variants {
		v := &s.Variants[i]
		for size, name := range pods.Sizes {
			annotations, pod, err := s.admitted(ctx, v, pods.Size(size))
			if err != nil {
				return err
			}
			if v.Patches {
				maps.Copy(annotations, s.wanted)
			}
			if !maps.Equal(annotations, pod.Annotations) {
				problems = append(problems, fmt.Errorf("%w: %s, %s pod: got annotations %v, want %v", errNotYet, v.Name, name, pod.Annotations, annotations))
			}
		}
	}
	after, still, err := s.asked(ctx)
	if err != nil {
		return err
	}
	s.unanswered = still
	for i := range s.Variants {
		v := &s.Variants[i]
		if answered := after[v.Name] - before[v.Name] - still[v.Name] + unanswered[v.Name]; v.Webhook() && answered != len(pods.Sizes) {
			problems = append(problems, fmt.Errorf("%w: %s: the API server got %d answers, want %d", errNotYet, v.Name, answered, len(pods.Sizes)))
		}
	}
	return errors.Join(problems...)
}

// AllAnswered says which servers did not answer something that the API server asked since all
// was in force. Pods are created all the same then, as failurePolicy says.
func (s *Stage) AllAnswered(ctx context.Context) error {
	_, unanswered, err := s.asked(ctx)
	if err != nil {
		return err
	}
	var problems []error
	for name, n := range unanswered {
		if n -= s.unanswered[name]; n > 0 {
			problems = append(problems, fmt.Errorf("%s: %d reviews were not answered; the measurement is worth nothing", name, n))
		}
	}
	return errors.Join(problems...)
}

// asked is how many reviews each variant's server was asked, and how many of them it left
// unanswered, by the API server's count.
func (s *Stage) asked(ctx context.Context) (asked, unanswered map[string]int, err error) {
	families, err := metrics(ctx, s.client, s.api("/metrics"))
	if err != nil {
		return nil, nil, err
	}
	count := func(family string) map[string]int {
		counts := map[string]int{}
		for _, m := range families[family].GetMetric() {
			for _, label := range m.GetLabel() {
				if name, ok := strings.CutSuffix(label.GetValue(), webhookName("")); ok && label.GetName() == "name" {
					counts[name] += int(m.GetCounter().GetValue())
				}
			}
		}
		return counts
	}
	return count("apiserver_admission_webhook_request_total"), count("apiserver_admission_webhook_fail_open_count"), nil
}

// added are the annotations that a JSON patch sets.
func added(patch []byte) (map[string]string, error) {
	var operations []struct{ Op, Path, Value string }
	if err := json.Unmarshal(patch, &operations); err != nil {
		return nil, fmt.Errorf("patch %q: %w", patch, err)
	}
	annotations := map[string]string{}
	for _, operation := range operations {
		key, ok := strings.CutPrefix(operation.Path, "/metadata/annotations/")
		if !ok || operation.Op != "add" {
			return nil, fmt.Errorf("patch %s: want annotations to be added, and nothing else", patch)
		}
		annotations[strings.NewReplacer("~1", "/", "~0", "~").Replace(key)] = operation.Value
	}
	return annotations, nil
}
