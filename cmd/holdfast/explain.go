package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/holdfast-mesh/holdfast/rules"
	"github.com/holdfast-mesh/holdfast/rules/annotations"
	"github.com/holdfast-mesh/holdfast/rules/decide"
)

// explanation is the JSON form of what the rules say to one pod.
type explanation struct {
	File        string             `json:"file"`
	Line        int                `json:"line"`
	APIVersion  string             `json:"apiVersion"`
	Kind        string             `json:"kind"`
	Namespace   string             `json:"namespace"`
	Name        string             `json:"name"`
	Reason      rules.Reason       `json:"reason"`
	Detail      string             `json:"detail,omitempty"`
	InForce     []string           `json:"inForce"`  // rules whose strategy the pod has
	Observed    []string           `json:"observed"` // rules that match but only observe
	Rules       []rules.Verdict    `json:"rules"`
	Shown       decide.Shown       `json:"shown"`           // beside the evidence of the rules
	Changes     []rules.Annotation `json:"changes"`         // annotations to set
	Remove      []string           `json:"remove"`          // annotations to remove
	Would       []rules.Annotation `json:"would,omitempty"` // changes if observing rules were enforced
	Ambient     []ambientLoss      `json:"ambient,omitempty"`
	Price       []string           `json:"price,omitempty"` // what the pod pays for what is in force
	Annotations map[string]string  `json:"annotations"`     // holdfast's and Istio's, as they result
	Warnings    []rules.Warning    `json:"warnings"`
}

// ambientLoss is what one key of a rule that matches becomes without a sidecar.
type ambientLoss struct {
	Rule string `json:"rule"`
	rules.AmbientLoss
}

func newExplain() *cobra.Command {
	var options offline
	var ambient bool
	var output string
	cmd := &cobra.Command{
		Use:   "explain -f RULES [FILE|-]...",
		Short: "Say for each pod which rules match, why or why not, and what results",
		Long: `Say for each pod, or pod template, of the manifests what becomes of it (a reason), what
each rule says to it (+ it matches, - it does not, and why), what of the pod shows that
it uses a destination and by which form, what else it shows, what could not be read, and
which annotations it gets. Without FILE, standard input is read.

docs/evidence.md lists the forms, and what is no evidence.

Reasons, verdicts and warnings have codes; docs/codes.md says what each means and what
to do.

Exit status: 0, or with --exit-code 1 if anything would change; 1 errors, 2 wrong usage.`,
		Example: `  holdfast explain -f rules.yaml app.yaml
  kubectl get pod cart-7d4b9 -o yaml | holdfast explain -f rules.yaml -`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, names []string) error {
			documents, err := options.decide(cmd, names)
			if err != nil {
				return err
			}
			var losing *rules.File
			if ambient {
				losing = options.file
			}
			if err := explain(cmd, documents, losing, output); err != nil {
				return err
			}
			return options.conclude(cmd, documents)
		},
	}
	options.addFlags(cmd.Flags())
	cmd.Flags().BoolVar(&ambient, "ambient", false, "say too what each rule that matches would lose in ambient mode, without a sidecar (docs/ambient.md)")
	outputFlag(cmd, &output, "text", "json")
	return cmd
}

// explain prints what the rules say; with losing, the rules, also what they lose in
// ambient mode.
func explain(cmd *cobra.Command, documents []document, losing *rules.File, output string) error {
	explanations := []explanation{}
	eachWorkload(documents, func(w *workload) {
		e := explainOne(w)
		if losing != nil {
			e.Ambient = inAmbient(losing, w.verdicts)
		}
		explanations = append(explanations, e)
	})
	if output == "json" {
		return encodeJSON(cmd.OutOrStdout(), explanations)
	}
	for i, e := range explanations {
		if i > 0 {
			fmt.Fprintln(cmd.OutOrStdout())
		}
		printExplanation(cmd.OutOrStdout(), e)
	}
	return nil
}

func explainOne(w *workload) explanation {
	return explanation{
		File: w.file, Line: w.Line, APIVersion: w.APIVersion, Kind: w.Kind,
		Namespace: w.Pod.Namespace.Name, Name: w.Name,
		Reason: w.outcome.Reason, Detail: w.outcome.Detail,
		InForce: list(w.outcome.Rules), Observed: list(w.outcome.Observed), Rules: list(w.verdicts), Shown: w.shown,
		Changes: list(w.outcome.Set), Remove: list(w.outcome.Remove), Would: w.outcome.Would,
		Price:       w.outcome.Price,
		Annotations: resulting(w.Pod.Annotations, &w.outcome),
		Warnings:    list(w.outcome.Warnings),
	}
}

// inAmbient are the losses of the rules that match.
func inAmbient(file *rules.File, verdicts []rules.Verdict) (losses []ambientLoss) {
	matched := map[string]bool{}
	for i := range verdicts {
		matched[verdicts[i].Rule] = verdicts[i].Matched
	}
	for i := range file.Rules {
		if !matched[file.Rules[i].Name] {
			continue
		}
		for _, loss := range file.Rules[i].Strategy.InAmbient() {
			losses = append(losses, ambientLoss{file.Rules[i].Name, loss})
		}
	}
	return losses
}

// list makes an absent list an empty one, so that JSON says [] and not null.
func list[T any](items []T) []T {
	if items == nil {
		return []T{}
	}
	return items
}

// resulting are the annotations that holdfast manages, after the outcome.
func resulting(existing map[string]string, outcome *rules.Outcome) map[string]string {
	result := map[string]string{}
	for _, key := range annotations.Keys() {
		if value, ok := existing[key]; ok {
			result[key] = value
		}
	}
	for _, a := range outcome.Set {
		result[a.Key] = a.Value
	}
	for _, key := range outcome.Remove {
		delete(result, key)
	}
	return result
}

func printExplanation(w io.Writer, e explanation) {
	fmt.Fprintf(w, "%s:%d: %s %s/%s\n", e.File, e.Line, e.Kind, e.Namespace, e.Name)
	fmt.Fprintf(w, "  %s", e.Reason)
	if e.Detail != "" {
		fmt.Fprintf(w, ": %s", e.Detail)
	}
	fmt.Fprintln(w)
	if len(e.Rules) > 0 {
		fmt.Fprintln(w, "  rules:")
	}
	for _, v := range sameTogether(e.Rules) {
		printVerdict(w, v)
	}
	printShown(w, e.Shown)
	if len(e.Changes)+len(e.Remove) > 0 {
		fmt.Fprintln(w, "  annotations set:")
		printAnnotations(w, e.Changes)
		for _, key := range e.Remove {
			fmt.Fprintf(w, "    %s removed\n", key)
		}
	}
	if len(e.Would) > 0 {
		fmt.Fprintln(w, "  annotations if observing rules were enforced:")
		printAnnotations(w, e.Would)
	}
	if len(e.Ambient) > 0 {
		fmt.Fprintln(w, "  in ambient mode, without a sidecar:")
	}
	for _, loss := range e.Ambient {
		fmt.Fprintf(w, "    %s, %s: %s; instead: %s\n", loss.Rule, loss.Key, loss.Becomes, loss.Instead)
	}
	for _, price := range e.Price {
		fmt.Fprintf(w, "  price: %s\n", price)
	}
	for _, warning := range e.Warnings {
		fmt.Fprintf(w, "  warning %s: %s\n", warning.Code, warning.Message)
	}
}

// sameTogether makes one verdict of those that say the same of rules that do not match:
// of many rules most are about something else.
func sameTogether(verdicts []rules.Verdict) []rules.Verdict {
	var list []rules.Verdict
	for _, v := range verdicts {
		i := slices.IndexFunc(list, func(o rules.Verdict) bool {
			return !v.Matched && !o.Matched && o.Reason == v.Reason && o.Detail == v.Detail && o.Mode == v.Mode
		})
		if i < 0 {
			list = append(list, v)
		} else {
			list[i].Rule += ", " + v.Rule
		}
	}
	return list
}

func printVerdict(w io.Writer, v rules.Verdict) {
	mark := "-"
	if v.Matched {
		mark = "+"
	}
	fmt.Fprintf(w, "    %s %s", mark, v.Rule)
	if v.Mode == rules.Observe {
		fmt.Fprint(w, " (Observe)")
	}
	fmt.Fprintf(w, ": %s", v.Reason)
	if v.Detail != "" && len(v.Evidence) == 0 { // else the evidence says it all
		fmt.Fprintf(w, ", %s", v.Detail)
	}
	fmt.Fprintln(w)
	for _, evidence := range v.Evidence {
		fmt.Fprintf(w, "        %s uses %s%s\n", evidence.Where, address(evidence), evidence.Note())
	}
}

// printShown says what a pod shows besides, and what of it nobody read.
func printShown(w io.Writer, shown decide.Shown) {
	if len(shown.Others) > 0 {
		fmt.Fprintln(w, "  other addresses:")
	}
	for _, evidence := range shown.Others {
		fmt.Fprintf(w, "    %s shows %s\n", evidence.Where, address(evidence))
	}
	printMore(w, shown.More)
	if len(shown.Unread) > 0 {
		fmt.Fprintln(w, "  not read:")
	}
	for _, unread := range shown.Unread {
		fmt.Fprintf(w, "    %s\n", &unread)
	}
	printMore(w, shown.Unlisted)
}

func printMore(w io.Writer, n int) {
	if n > 0 {
		fmt.Fprintf(w, "    and %d more\n", n)
	}
}

// address is "mysql at db:3307, by sibling-kind": what the text says, and how.
func address(e rules.Evidence) string {
	text := e.Address
	if e.Kind != "" {
		text = e.Kind + " at " + text
	}
	if e.Form != "" {
		text += ", by " + e.Form
	}
	return text
}

func printAnnotations(w io.Writer, annotations []rules.Annotation) {
	for _, a := range annotations {
		if strings.Contains(a.Value, "\n") {
			fmt.Fprintf(w, "    %s: |\n%s\n", a.Key, indent(a.Value, "      "))
			continue
		}
		fmt.Fprintf(w, "    %s: %s\n", a.Key, a.Value)
	}
}

// indent puts a prefix before every line of a text.
func indent(text, prefix string) string {
	return prefix + strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", "\n"+prefix)
}
