package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/holdfast-mesh/holdfast/istio"
	"github.com/holdfast-mesh/holdfast/manifest"
	"github.com/holdfast-mesh/holdfast/rules"
	"github.com/holdfast-mesh/holdfast/rules/decide"
	"github.com/holdfast-mesh/holdfast/rules/load"
)

// rulesInput has the flags of every command that reads one rules file.
type rulesInput struct {
	rulesFile string
	quiet     bool
	// answers is the code of a warning that the command itself is the answer to.
	answers load.Code
}

func (r *rulesInput) addFlags(flags *pflag.FlagSet) {
	flags.VarP((*once)(&r.rulesFile), "rules", "f", "`FILE` with the rules, or a ConfigMap manifest that holds them (required; - for standard input)")
	flags.BoolVarP(&r.quiet, "quiet", "q", false, "nothing but errors on standard error: no warnings, no summary")
}

// notes is where a command writes what is neither result nor error.
func (r *rulesInput) notes(cmd *cobra.Command) io.Writer {
	if r.quiet {
		return io.Discard
	}
	return cmd.ErrOrStderr()
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
		switch {
		case p.Severity == load.Error:
			fmt.Fprintln(cmd.ErrOrStderr(), p)
		case p.Code != r.answers:
			fmt.Fprintln(r.notes(cmd), p)
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
	recursive       bool
	exitCode        bool

	file *rules.File // once it is read
}

func (o *offline) addFlags(flags *pflag.FlagSet) {
	o.rulesInput.addFlags(flags)
	flags.StringVarP(&o.namespace, "namespace", "n", "default", "`NAMESPACE` of objects that name none")
	flags.StringToStringVar(&o.namespaceLabels, "namespace-labels", nil,
		"labels `KEY=VALUE,...` of the objects' namespaces; where neither this nor a Namespace among the inputs says them, a namespace counts as opted in")
	flags.Lookup("namespace-labels").DefValue = "" // none, instead of []
	flags.BoolVar(&o.clusterWide, "cluster-wide", false, "as with 'holdfast webhook --cluster-wide': every namespace that does not opt out")
	addRecursive(flags, &o.recursive)
	flags.BoolVar(&o.exitCode, "exit-code", false, "exit with 1 if the rules change any workload")
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
	shown    decide.Shown
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
	if err := stdinOnce(cmd, append([]string{o.rulesFile}, names...)...); err != nil {
		return nil, err
	}
	file, err := o.load(cmd)
	o.file = file
	if err != nil {
		return nil, err
	}
	set := decide.Compile(file)
	documents, err := o.readManifests(cmd, names)
	if err != nil {
		return nil, err
	}
	namespaces := map[string]map[string]string{}
	for _, d := range documents {
		maps.Copy(namespaces, d.manifest.Namespaces())
	}
	configMaps := o.configMaps(documents)
	for i := range documents {
		d := &documents[i]
		for _, template := range d.manifest.Templates() {
			template.Pod.Namespace = o.namespaceOf(template.Namespace, namespaces)
			template.Pod.ConfigMaps = configMaps.of(template.Pod.Namespace.Name)
			w := workload{Template: template, file: displayName(d.name)}
			w.outcome, w.verdicts = set.Explain(&template.Pod, decide.Options{ClusterWide: o.clusterWide})
			w.shown = set.Shows(&template.Pod)
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

func (o *offline) readManifests(cmd *cobra.Command, names []string) ([]document, error) {
	var documents []document
	var problems []error
	for _, name := range names {
		files, err := filesIn(name, o.recursive)
		if err != nil {
			problems = append(problems, err)
		}
		for _, name := range files {
			d, err := readManifest(cmd, name)
			if err != nil {
				problems = append(problems, err)
				continue
			}
			documents = append(documents, d)
		}
	}
	return documents, errors.Join(problems...)
}

func readManifest(cmd *cobra.Command, name string) (d document, err error) {
	d.name = name
	if d.text, err = readInput(cmd, name); err == nil {
		d.manifest, err = manifest.Parse(displayName(name), d.text)
	}
	return d, err
}

// conclude ends a command: with a summary, and as --exit-code wants it.
func (o *offline) conclude(cmd *cobra.Command, documents []document) error {
	if changed := printSummary(o.notes(cmd), documents); changed > 0 && o.exitCode {
		return &exitError{code: exitFindings}
	}
	return nil
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

// encodeJSON prints a value as indented JSON, "<" and "&" as themselves.
func encodeJSON(w io.Writer, value any) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(value)
}
