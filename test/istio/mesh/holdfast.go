package mesh

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/holdfast-mesh/holdfast/rules"
	"github.com/holdfast-mesh/holdfast/rules/decide"
	"github.com/holdfast-mesh/holdfast/rules/load"
	"github.com/holdfast-mesh/holdfast/test/cluster"
)

// Where holdfast's installation keeps its rules.
const (
	HoldfastNamespace = "holdfast-system"
	RulesConfigMap    = "holdfast-rules"
	RulesKey          = "rules.yaml"
)

// HoldfastOptions say how to install holdfast; the zero value is what
// deploy/install.yaml gives users.
type HoldfastOptions struct {
	// Rules is the text of the rules file. Empty: the file that is shipped.
	Rules string
	// ConfigurationName renames the MutatingWebhookConfiguration, whose name
	// decides when holdfast is called. Empty: holdfast.
	ConfigurationName string
	// Binary is the path of the program. Empty: bin/holdfast.
	Binary string
	// Args are further arguments of 'holdfast webhook'.
	Args []string
	// Change may change any object of deploy/install.yaml before it is
	// applied.
	Change func(*unstructured.Unstructured)
}

// Holdfast is an installed and running holdfast.
type Holdfast struct {
	*cluster.Holdfast
	// Log is the path of its log.
	Log string

	mesh    *Mesh
	configs []*unstructured.Unstructured // its webhook configurations
}

// InstallHoldfast installs holdfast as users do, from deploy/install.yaml,
// starts the program with the rights of its service account, and returns when
// the API server calls it.
func (m *Mesh) InstallHoldfast(ctx context.Context, options HoldfastOptions) (*Holdfast, error) {
	log, err := os.CreateTemp(m.Dir, "holdfast-*.log")
	if err != nil {
		return nil, err
	}
	defer log.Close()
	h := &Holdfast{mesh: m, Log: log.Name()}
	m.logf("starting holdfast")
	err = m.guard.during(func() error {
		h.Holdfast, err = m.cluster.Install(ctx, cluster.HoldfastOptions{
			Binary: options.Binary,
			Args:   options.Args,
			Output: log,
			Change: func(object *unstructured.Unstructured) { h.change(object, options) },
		})
		return err
	}, "holdfast")
	if err != nil {
		return nil, fmt.Errorf("installing holdfast: %w\n%s", err, tail(h.Log, 30))
	}
	m.stops = append(m.stops, func() error { h.Stop(); return nil })
	if options.Rules != "" {
		if err := h.awaitRules(ctx, options.Rules); err != nil {
			return nil, err
		}
	}
	return h, h.awaitCalls(ctx)
}

// change makes the options' changes to an object before it is applied.
func (h *Holdfast) change(object *unstructured.Unstructured, options HoldfastOptions) {
	switch {
	case object.GetKind() == "ConfigMap" && object.GetName() == RulesConfigMap && options.Rules != "":
		object.Object["data"] = map[string]any{RulesKey: options.Rules}
	case object.GetKind() == "MutatingWebhookConfiguration" && options.ConfigurationName != "":
		object.SetName(options.ConfigurationName)
	}
	if options.Change != nil {
		options.Change(object)
	}
	if strings.HasSuffix(object.GetKind(), "WebhookConfiguration") {
		h.configs = append(h.configs, object)
	}
}

// SetRules replaces the rules file and returns when the new one is in force.
func (h *Holdfast) SetRules(ctx context.Context, text string) error {
	configMap := &corev1.ConfigMap{}
	key := client.ObjectKey{Namespace: HoldfastNamespace, Name: RulesConfigMap}
	if err := h.mesh.Client.Get(ctx, key, configMap); err != nil {
		return err
	}
	configMap.Data = map[string]string{RulesKey: text}
	if err := h.mesh.Client.Update(ctx, configMap); err != nil {
		return fmt.Errorf("changing the rules: %w", err)
	}
	return h.awaitRules(ctx, text)
}

// awaitRules waits until the metrics show the hash of this rules file.
func (h *Holdfast) awaitRules(ctx context.Context, text string) error {
	file, problems := load.Rules(RulesKey, []byte(text))
	if file == nil {
		return fmt.Errorf("rules that do not load are never in force: %v", problems)
	}
	hash := decide.Compile(file).Hash()
	return Await(ctx, "rules with hash "+hash+" in force", func(ctx context.Context) error {
		for line := range strings.Lines(h.Metrics(ctx)) {
			if strings.HasPrefix(line, "holdfast_rules_info{") && strings.Contains(line, hash) {
				return nil
			}
		}
		return fmt.Errorf("holdfast_rules_info has another hash; see %s", h.Log)
	})
}

// Decided returns how many pods were decided for a reason code.
func (h *Holdfast) Decided(ctx context.Context, reason rules.Reason) (float64, error) {
	series := fmt.Sprintf("holdfast_pods_total{reason=%q} ", reason)
	for line := range strings.Lines(h.Metrics(ctx)) {
		if value, ok := strings.CutPrefix(line, series); ok {
			var count float64
			_, err := fmt.Sscan(value, &count)
			return count, err
		}
	}
	return 0, fmt.Errorf("the metrics have no series %s", series)
}

// total is the number of pods decided, for whatever reason.
func (h *Holdfast) total(ctx context.Context) (sum float64, err error) {
	for _, reason := range rules.Reasons() {
		count, err := h.Decided(ctx, reason)
		if err != nil {
			return 0, err
		}
		sum += count
	}
	return sum, nil
}

// awaitCalls waits until the API server calls holdfast for new pods: it reads
// webhook configurations through a cache of its own.
func (h *Holdfast) awaitCalls(ctx context.Context) error {
	before, err := h.total(ctx)
	if err != nil {
		return err
	}
	labels := map[string]string{"holdfast.dev/enabled": "true"}
	return Await(ctx, "a call of holdfast by the API server", func(ctx context.Context) error {
		if _, err := h.mesh.probe(ctx, labels); err != nil {
			return err
		}
		if now, err := h.total(ctx); err != nil || now > before {
			return err
		}
		return fmt.Errorf("no pod was decided yet; see %s", h.Log)
	})
}

// Uninstall removes the webhook configurations and stops the program, so that
// it can be installed in another way.
func (h *Holdfast) Uninstall(ctx context.Context) error {
	for _, object := range h.configs {
		if err := client.IgnoreNotFound(h.mesh.Client.Delete(ctx, object)); err != nil {
			return err
		}
	}
	h.Stop()
	return nil
}

// probe creates a pod for a dry run in a fresh namespace with these labels,
// and returns what would have been stored.
func (m *Mesh) probe(ctx context.Context, labels map[string]string) (*corev1.Pod, error) {
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "probe-", Labels: labels}}
	if err := m.Client.Create(ctx, namespace); err != nil {
		return nil, err
	}
	pod, _, err := m.CreatePod(ctx, &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace.Name, Name: "probe"},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "probe", Image: "probe"}}},
	}, client.DryRunAll)
	return pod, err
}

// Await polls a condition until it returns nil, or half a minute is over.
func Await(ctx context.Context, what string, condition func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	for {
		err := condition(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting for %s: %w: %w", what, ctx.Err(), err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// LogTail returns the last lines of the program's log.
func (h *Holdfast) LogTail(lines int) string { return tail(h.Log, lines) }
