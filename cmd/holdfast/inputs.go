package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/holdfast-mesh/holdfast/istio"
	"github.com/holdfast-mesh/holdfast/manifest"
	"github.com/holdfast-mesh/holdfast/rules"
	"github.com/holdfast-mesh/holdfast/rules/decide"
	"github.com/holdfast-mesh/holdfast/rules/load"
)

// readInput reads a file, or standard input for "-".
func readInput(cmd *cobra.Command, name string) ([]byte, error) {
	if name == "-" {
		data, err := io.ReadAll(cmd.InOrStdin())
		if err != nil {
			return nil, fmt.Errorf("reading standard input: %w", err)
		}
		return data, nil
	}
	data, err := os.ReadFile(name)
	if errors.Is(err, syscall.EISDIR) {
		return nil, fmt.Errorf("%w: name the files in it", err)
	}
	return data, err
}

// displayName is how a file is called in messages.
func displayName(name string) string {
	if name == "-" {
		return "standard input"
	}
	return name
}

// rulesInput is the flag of every command that reads one rules file.
type rulesInput struct {
	rulesFile string
	// answers is the code of a warning that the command itself is the answer to.
	answers load.Code
}

func (r *rulesInput) addFlags(flags *pflag.FlagSet) {
	flags.VarP((*once)(&r.rulesFile), "rules", "f", "rules file, or a ConfigMap manifest that holds one (required; - for standard input)")
}

// given checks that there is a rules file.
func (r *rulesInput) given(cmd *cobra.Command) error {
	if r.rulesFile == "" {
		return usageError(cmd, "no rules file: give one with -f rules.yaml")
	}
	return nil
}

// load reads the rules file, and prints its problems to standard error.
func (r *rulesInput) load(cmd *cobra.Command) (*rules.File, error) {
	if err := r.given(cmd); err != nil {
		return nil, err
	}
	data, err := readInput(cmd, r.rulesFile)
	if err != nil {
		return nil, err
	}
	file, problems := load.Manifest(displayName(r.rulesFile), data)
	for _, p := range problems {
		if p.Code != r.answers {
			fmt.Fprintln(cmd.ErrOrStderr(), p)
		}
	}
	if problems.HasErrors() {
		return nil, errors.New("the rules file has errors (above); nothing was applied")
	}
	return file, nil
}

// offline holds the flags of the commands that apply rules to manifests
// without a cluster: where the rules are, and what is known of namespaces.
type offline struct {
	rulesInput
	namespace       string
	namespaceLabels map[string]string
	clusterWide     bool
}

func (o *offline) addFlags(flags *pflag.FlagSet) {
	o.rulesInput.addFlags(flags)
	flags.StringVarP(&o.namespace, "namespace", "n", "default", "namespace of objects that name none")
	flags.StringToStringVar(&o.namespaceLabels, "namespace-labels", nil,
		"labels of the objects' namespaces, key=value[,key=value]; unknown without this flag, then a namespace counts as opted in")
	flags.BoolVar(&o.clusterWide, "cluster-wide", false, "as with 'holdfast webhook --cluster-wide': every namespace that does not opt out")
}

// once is a text that can be given once. kubectl's -f names manifests, and can be
// repeated: here the last one would silently be taken for the rules.
type once string

func (o *once) String() string { return string(*o) }

// Type names the value in help texts.
func (o *once) Type() string { return "string" }

// Set refuses a second value.
func (o *once) Set(value string) error {
	if *o != "" {
		return fmt.Errorf("got a second rules file, want one (the first is %s); manifests stand without -f", *o)
	}
	*o = once(value)
	return nil
}

// workload is one pod or pod template of the inputs, with what the rules say.
type workload struct {
	manifest.Template
	file     string
	outcome  rules.Outcome
	back     manifest.Edit // what takes back what other rules had made of it
	verdicts []rules.Verdict
}

// title names a workload in messages: "cart.yaml: Deployment shop/cart".
func (w *workload) title() string {
	return fmt.Sprintf("%s: %s %s/%s", w.file, w.Kind, w.Pod.Namespace.Name, w.Name)
}

// document is one input with its workloads.
type document struct {
	name      string
	text      []byte
	manifest  *manifest.File
	workloads []workload
}

// decide loads rules and manifests and decides about every pod template. All
// inputs are read before any result is printed, and every problem is reported.
func (o *offline) decide(cmd *cobra.Command, names []string) ([]document, error) {
	if err := o.given(cmd); err != nil {
		return nil, err
	}
	if len(names) == 0 {
		names = []string{"-"}
	}
	inputs := append([]string{o.rulesFile}, names...)
	if first := slices.Index(inputs, "-"); first >= 0 && slices.Contains(inputs[first+1:], "-") {
		return nil, usageError(cmd, "standard input can be read only once: rules (-f) and manifests must not both be -")
	}
	file, err := o.load(cmd)
	if err != nil {
		return nil, err
	}
	set := decide.Compile(file)
	documents, err := readManifests(cmd, names)
	if err != nil {
		return nil, err
	}
	namespaces := map[string]map[string]string{}
	for _, d := range documents {
		maps.Copy(namespaces, d.manifest.Namespaces())
	}
	for i := range documents {
		d := &documents[i]
		for _, template := range d.manifest.Templates() {
			template.Pod.Namespace = o.namespaceOf(template.Namespace, namespaces)
			w := workload{Template: template, file: displayName(d.name)}
			w.outcome, w.verdicts = set.Explain(&template.Pod, decide.Options{ClusterWide: o.clusterWide})
			if _, ok := template.Pod.Annotations[rules.AppliedAnnotation]; ok {
				w.back.Set, w.back.Remove = set.TakeBack(&template.Pod)
				w.back.Prune = true // most often holdfast had made them
			}
			warnOfMesh(&w, &file.Mesh)
			d.workloads = append(d.workloads, w)
		}
	}
	return documents, nil
}

// warnOfMesh adds a warning for each list of exclusions that a pod gets and did
// not have. Istio then no longer looks at the installation's own, which a cluster
// would tell and the mesh section may.
func warnOfMesh(w *workload, mesh *rules.Mesh) {
	if mesh.Given {
		return
	}
	for _, a := range w.outcome.Set {
		if _, own := w.Pod.Annotations[a.Key]; own || a.Key != istio.ExcludeOutboundPortsAnnotation && a.Key != istio.ExcludeOutboundIPRangesAnnotation {
			continue
		}
		warning := rules.NewWarning(rules.WarnMeshUnknown, "", a.Key,
			" replaces what Istio was installed with, which nobody tells here; write it under mesh: in the rules file")
		w.outcome.Warnings = append(slices.Clip(w.outcome.Warnings), warning) // the list is shared
	}
}

func readManifests(cmd *cobra.Command, names []string) ([]document, error) {
	var documents []document
	var problems []error
	for _, name := range names {
		data, err := readInput(cmd, name)
		if err != nil {
			problems = append(problems, err)
			continue
		}
		file, err := manifest.Parse(displayName(name), data)
		if err != nil {
			problems = append(problems, err)
			continue
		}
		documents = append(documents, document{name: name, text: data, manifest: file})
	}
	return documents, errors.Join(problems...)
}

// namespaceOf gathers what is known: the labels flag holds for every
// namespace, Namespace objects among the inputs for their own.
func (o *offline) namespaceOf(name string, objects map[string]map[string]string) rules.Namespace {
	if name == "" {
		name = o.namespace
	}
	labels, found := objects[name]
	namespace := rules.Namespace{Name: name, Known: found || o.namespaceLabels != nil, Labels: map[string]string{}}
	maps.Copy(namespace.Labels, labels)
	maps.Copy(namespace.Labels, o.namespaceLabels)
	if namespace.Known {
		// The API server sets it on every namespace, manifests seldom have it.
		namespace.Labels[rules.NamespaceNameLabel] = name
	}
	return namespace
}

// warn tells standard error what the pods' authors should know.
func warn(cmd *cobra.Command, documents []document) {
	workloads, notOptedIn := 0, map[string]bool{}
	for _, d := range documents {
		for i := range d.workloads {
			w := &d.workloads[i]
			workloads++
			for _, warning := range w.outcome.Warnings {
				fmt.Fprintf(cmd.ErrOrStderr(), "%s: warning %s: %s\n", w.title(), warning.Code, warning.Message)
			}
			if w.outcome.Reason == rules.NamespaceNotOptedIn {
				notOptedIn[w.Pod.Namespace.Name] = true
			}
		}
	}
	if workloads == 0 {
		fmt.Fprintln(cmd.ErrOrStderr(), "no pod and no pod template in the input")
	}
	for _, name := range slices.Sorted(maps.Keys(notOptedIn)) {
		fmt.Fprintf(cmd.ErrOrStderr(), "namespace %s is not opted in: label it %s=true (here: --namespace-labels %s=true), or use --cluster-wide\n",
			name, rules.EnabledKey, rules.EnabledKey)
	}
}

// encodeJSON prints a value as indented JSON, "<" and "&" as themselves.
func encodeJSON(w io.Writer, value any) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(value)
}
