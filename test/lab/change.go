package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	kube "sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/holdfast-mesh/holdfast/test/lab/scenario"
)

// prepare puts into the mesh what must be there before the first pod of a stage: the users'
// own objects, and those of holdfast that no scenario leaves out. Applied later, they would
// change the listeners of those that use them.
func (p *plane) prepare(ctx context.Context, stage []*running) error {
	for _, r := range stage {
		for text := range strings.SplitSeq(r.Objects, "\n---\n") {
			if strings.TrimSpace(text) == "" {
				continue
			}
			object := &unstructured.Unstructured{}
			if err := yaml.Unmarshal([]byte(text), object); err != nil {
				return fmt.Errorf("scenario %s: reading its objects: %w:\n%s", r.Name, err, text)
			}
			object.SetNamespace(r.Namespace())
			if err := p.Client.Create(ctx, object); err != nil {
				return fmt.Errorf("scenario %s: %w", r.Name, err)
			}
		}
		if r.Without || r.Change == scenario.ObjectsApplied {
			continue
		}
		if err := p.applyObjects(ctx, &r.Scenario); err != nil {
			return err
		}
	}
	return nil
}

// applyObjects creates the mesh objects of a scenario's rules, where they are not there yet.
func (p *plane) applyObjects(ctx context.Context, s *scenario.Scenario) error {
	return eachObject(s, func(object *unstructured.Unstructured) error {
		return kube.IgnoreAlreadyExists(p.Client.Create(ctx, object))
	})
}

func eachObject(s *scenario.Scenario, do func(*unstructured.Unstructured) error) error {
	objects, err := s.MeshObjects()
	if err != nil {
		return err
	}
	for _, o := range objects {
		data, err := json.Marshal(o)
		if err != nil {
			return err
		}
		object := &unstructured.Unstructured{}
		if err := object.UnmarshalJSON(data); err != nil {
			return err
		}
		if err := do(object); err != nil {
			return fmt.Errorf("scenario %s: %s: %w", s.Name, o.Name, err)
		}
	}
	return nil
}

// change does what the scenarios of a stage wait for, once for all that have it in common,
// and writes down when: when the API server, or holdfast, has taken it.
func (p *plane) change(ctx context.Context, stage []*running) error {
	done := map[string]time.Time{}
	for _, r := range stage {
		if r.Change == "" {
			continue
		}
		once := string(r.Change) + " in " + r.Namespace()
		if r.Change == scenario.ObjectsApplied || r.Change == scenario.ObjectsDeleted {
			once += " for " + r.Name
		}
		if _, ok := done[once]; !ok {
			if err := p.changeFor(ctx, &r.Scenario); err != nil {
				return err
			}
			done[once] = time.Now()
		}
		r.change = done[once]
	}
	return nil
}

func (p *plane) changeFor(ctx context.Context, s *scenario.Scenario) error {
	switch s.Change {
	case scenario.AccessLogs:
		return p.switchAccessLogsOn(ctx, s.Namespace())
	case scenario.RulesEdited:
		p.edit.Lock()
		defer p.edit.Unlock()
		return p.holdfast.SetRules(ctx, scenario.RulesFile(withoutEdited()))
	case scenario.ObjectsApplied:
		return p.applyObjects(ctx, s)
	case scenario.ObjectsDeleted:
		return eachObject(s, func(object *unstructured.Unstructured) error { return p.Client.Delete(ctx, object) })
	case scenario.OthersChange:
		return nil
	}
	return fmt.Errorf("scenario %s: got the change %q, which the lab does not know", s.Name, s.Change)
}

// withoutEdited are the scenarios less those whose rules are deleted during the run.
func withoutEdited() []scenario.Scenario {
	return slices.DeleteFunc(scenario.All(), func(s scenario.Scenario) bool { return s.Change == scenario.RulesEdited })
}

// switchAccessLogsOn changes the configuration of the mesh as operators do every day.
func (p *plane) switchAccessLogsOn(ctx context.Context, namespace string) error {
	err := p.Client.Create(ctx, object("telemetry.istio.io/v1", "Telemetry", namespace, "access-logs", map[string]any{
		"accessLogging": []any{map[string]any{"providers": []any{map[string]any{"name": "envoy"}}}},
	}))
	if err != nil {
		return fmt.Errorf("switching access logs on: %w", err)
	}
	return nil
}
