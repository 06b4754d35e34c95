package main

import (
	"bytes"
	"fmt"
	"io"
	"net/netip"
	"os"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/holdfast-mesh/holdfast/manifest"
	"github.com/holdfast-mesh/holdfast/rules"
	"github.com/holdfast-mesh/holdfast/rules/load"
	"github.com/holdfast-mesh/holdfast/verify"
	"github.com/holdfast-mesh/holdfast/verify/dump"
	"github.com/holdfast-mesh/holdfast/verify/live"
)

// verifyFlags are the flags of verify.
type verifyFlags struct {
	rulesInput
	dump, server, pod string
	to                string
	cluster           clusterFlags
}

func newVerify() *cobra.Command {
	flags := verifyFlags{rulesInput: rulesInput{answers: load.NeedsMeshObject}}
	var output string
	cmd := &cobra.Command{
		Use:   "verify POD | --config-dump FILE --pod FILE",
		Short: "Say whether what a pod asks for is in force in its proxy, and what overrides it",
		Long: `Hold a pod against the config dump of its Envoy: is each strategy in force, what
overrides it, and what was not to be seen. --to says what happens to one connection.

With POD, all of it comes from the cluster: the API server is asked to forward to the
proxy's admin port, which takes the right to create pods/portforward. The flags of
kubectl that choose the cluster and the user work here too.

The exit code is 1 when something that the pod asks for is not in force.`,
		Example: `  holdfast verify -n shop cart-7d4b9 --to 10.20.1.5:6379

  kubectl get pod cart-7d4b9 -o yaml > pod.yaml
  kubectl exec cart-7d4b9 -c istio-proxy -- pilot-agent request GET config_dump > dump.json
  kubectl exec cart-7d4b9 -c istio-proxy -- pilot-agent request GET server_info > info.json
  holdfast verify --config-dump dump.json --server-info info.json --pod pod.yaml --to 10.20.1.5:6379`,
		Args: usageArgs(cobra.MaximumNArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			in, err := flags.read(cmd, args)
			if err != nil {
				return err
			}
			return flags.verify(cmd, in, output)
		},
	}
	f := cmd.Flags()
	f.VarP((*once)(&flags.rulesFile), "rules", "f", "`FILE` with the rules, needed for gateways only (- for standard input)")
	f.StringVar(&flags.dump, "config-dump", "", "config dump of the pod's Envoy, as its admin port or istioctl prints it (- for standard input)")
	f.StringVar(&flags.server, "server-info", "", "what GET /server_info of the same Envoy gives: shows the drain time of its command line")
	f.StringVar(&flags.pod, "pod", "", "manifest of the running pod (- for standard input)")
	f.StringVar(&flags.to, "to", "", "follow a connection to this `IP:PORT`")
	flags.cluster.addFlags(f)
	outputFlag(cmd, &output, "text", "json")
	return cmd
}

// read reads the files that the flags name, or what the cluster has of a pod.
func (v *verifyFlags) read(cmd *cobra.Command, args []string) (in verify.Input, err error) {
	if err := stdinOnce(cmd, v.dump, v.server, v.pod, v.rulesFile); err != nil {
		return in, err
	}
	if v.rulesFile != "" {
		if in.Rules, err = v.load(cmd); err != nil {
			return in, err
		}
	}
	switch {
	case len(args) == 0:
		err = v.readFiles(cmd, &in)
	case v.dump != "" || v.server != "" || v.pod != "":
		err = usageError(cmd, "got pod %s and files: with a pod everything comes from the cluster, leave --config-dump, --server-info and --pod out", args[0])
	default:
		err = v.fetch(cmd, strings.TrimPrefix(args[0], "pod/"), &in)
	}
	return in, err
}

// fetch asks the cluster.
func (v *verifyFlags) fetch(cmd *cobra.Command, name string, in *verify.Input) error {
	config, namespace, err := v.cluster.config()
	if err != nil {
		return err
	}
	pod, err := live.Fetch(cmd.Context(), config, namespace, name)
	if err != nil {
		return err
	}
	in.Dump, in.Server = pod.Dump, pod.Server
	in.Pod, err = parsePod("pod "+namespace+"/"+name, pod.Manifest)
	return err
}

// readFiles reads the files that the flags name.
func (v *verifyFlags) readFiles(cmd *cobra.Command, in *verify.Input) (err error) {
	if v.dump == "" || v.pod == "" {
		return usageError(cmd, "got no %s: name a running pod, or give the proxy's dump with --config-dump and the pod with --pod", strings.Join(missing(v), " and "))
	}
	if in.Pod, err = readPod(cmd, v.pod); err != nil {
		return err
	}
	if v.server != "" {
		data, err := readInput(cmd, v.server)
		if err != nil {
			return err
		}
		if in.Server, err = dump.ReadServerInfo(data); err != nil {
			return fmt.Errorf("%s: %w", displayName(v.server), err)
		}
	}
	in.Dump, err = readDump(cmd, v.dump)
	return err
}

func missing(v *verifyFlags) (names []string) {
	if v.dump == "" {
		names = append(names, "config dump")
	}
	if v.pod == "" {
		names = append(names, "pod")
	}
	return names
}

// readDump reads a dump as it comes: it may be larger than what is kept of it.
func readDump(cmd *cobra.Command, name string) (*dump.Dump, error) {
	in := cmd.InOrStdin()
	if name != "-" {
		file, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		defer file.Close()
		in = file
	}
	d, err := dump.Read(in)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", displayName(name), err)
	}
	return d, nil
}

// readPod reads the one pod of a manifest.
func readPod(cmd *cobra.Command, name string) (*rules.Pod, error) {
	data, err := readInput(cmd, name)
	if err != nil {
		return nil, err
	}
	return parsePod(displayName(name), data)
}

func parsePod(name string, data []byte) (*rules.Pod, error) {
	file, err := manifest.Parse(name, data)
	if err != nil {
		return nil, err
	}
	var pods []manifest.Template
	for _, t := range file.Templates() {
		if t.Kind == "Pod" {
			pods = append(pods, t)
		}
	}
	if len(pods) != 1 {
		return nil, fmt.Errorf("%s: got %d pods, want the running pod that the dump is of (kubectl get pod NAME -o yaml)", name, len(pods))
	}
	pod := pods[0].Pod
	pod.Namespace = rules.Namespace{Name: pods[0].Namespace}
	return &pod, nil
}

// verify checks and prints.
func (v *verifyFlags) verify(cmd *cobra.Command, in verify.Input, output string) error {
	var to netip.AddrPort
	if v.to != "" {
		var err error
		if to, err = netip.ParseAddrPort(v.to); err != nil || to.Port() == 0 {
			return usageError(cmd, "--to: got %q, want an address and a port such as 10.20.1.5:6379 or [2001:db8::1]:6379", v.to)
		}
	}
	report, err := verify.Check(in)
	if err != nil {
		return err
	}
	if v.to != "" {
		report.Path = verify.Follow(in, to)
	}
	if output == "json" {
		err = encodeJSON(cmd.OutOrStdout(), report)
	} else {
		err = printReport(cmd.OutOrStdout(), report)
	}
	if err == nil && report.Failed() {
		return &exitError{code: exitFindings}
	}
	return err
}

// printReport prints a table of what was found, then what to do, then the path of
// a connection, then what was not to be seen.
func printReport(w io.Writer, r *verify.Report) error {
	var out bytes.Buffer
	fmt.Fprintf(&out, "Pod %s/%s", r.Namespace, r.Pod)
	if r.Proxy != "" {
		fmt.Fprintf(&out, ", proxy of Istio %s, Envoy %s", r.Istio, r.Envoy)
	}
	out.WriteString("\n\n")
	table := tabwriter.NewWriter(&out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "STRATEGY\tSTATUS\tDETAIL")
	for _, f := range r.Findings {
		fmt.Fprintf(table, "%s\t%s\t%s\n", f.Aspect, f.Status, f.Detail)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	printFixes(&out, r.Findings)
	if r.Path != nil {
		printPath(&out, r.Path)
	}
	out.WriteString("\nNot seen:\n")
	for _, text := range r.NotSeen {
		fmt.Fprintf(&out, "- %s\n", text)
	}
	_, err := w.Write(out.Bytes())
	return err
}

// maxWhere is how many places of one finding are printed; -o json has all.
const maxWhere = 5

func printFixes(out *bytes.Buffer, findings []verify.Finding) {
	title := "\nWhat to do:\n"
	for _, f := range findings {
		if f.Fix == "" {
			continue
		}
		fmt.Fprint(out, title)
		title = ""
		fmt.Fprintf(out, "- %s", f.Aspect)
		if f.Code != "" {
			fmt.Fprintf(out, " %s", f.Code)
		}
		fmt.Fprintf(out, ": %s\n", f.Fix)
		for i, where := range f.Where {
			if i == maxWhere {
				fmt.Fprintf(out, "    and %d more (-o json has all)\n", len(f.Where)-maxWhere)
				break
			}
			fmt.Fprintf(out, "    %s\n", where)
		}
	}
}

func printPath(out *bytes.Buffer, p *verify.Path) {
	fmt.Fprintf(out, "\nA connection to %s:\n", p.To)
	way := "past the sidecar"
	if p.Sidecar {
		way = "through the sidecar"
	}
	fmt.Fprintf(out, "  %s: %s\n", way, p.Why)
	if p.Listener != "" {
		fmt.Fprintf(out, "  listener %s\n", p.Listener)
	}
	for _, b := range p.Branches {
		fmt.Fprint(out, "  ")
		if b.When != "" {
			fmt.Fprintf(out, "%s: ", b.When)
		}
		if b.Chain != "" {
			fmt.Fprintf(out, "chain %s, ", b.Chain)
		}
		fmt.Fprintf(out, "%s", b.Kind)
		if len(b.Clusters) > 0 {
			fmt.Fprintf(out, " to %s", strings.Join(b.Clusters, ", "))
		}
		fmt.Fprintf(out, "; idle timeout %s (%s); keepalive: %s\n", b.IdleTimeout, b.By, b.Keepalive)
	}
	out.WriteString("  what may end it:\n")
	for _, text := range p.Cuts {
		fmt.Fprintf(out, "  - %s\n", text)
	}
}
