// Command demo shows holdfast on a real API server with the real Istio: the
// example pods are created in an opted-in namespace, through holdfast and
// Istio's injector, and what came of each is printed.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/holdfast-mesh/holdfast/test/cluster"
	"github.com/holdfast-mesh/holdfast/test/istio/mesh"
	"github.com/holdfast-mesh/holdfast/test/reviews"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

// initArguments are the arguments of istio-init that exclusions end up in.
var initArguments = []string{"-o", "-x"}

// proxyVariables are the variables of istio-proxy that rules end up in.
var proxyVariables = []string{"ISTIO_META_IDLE_TIMEOUT", "ISTIO_META_HOLDFAST", "PROXY_CONFIG"}

func run(ctx context.Context) (err error) {
	examples := filepath.Join(cluster.Root(), "deploy", "examples")
	rulesFile := flag.String("rules", filepath.Join(examples, "rules.yaml"), "rules file")
	pods := flag.String("pods", filepath.Join(examples, "pods", "*.yaml"), "manifests to create, a glob")
	flag.Parse()
	rules, err := os.ReadFile(*rulesFile)
	if err != nil {
		return err
	}
	files, err := filepath.Glob(*pods)
	if err != nil || len(files) == 0 {
		return fmt.Errorf("no manifests match %s (%v)", *pods, err)
	}

	start := time.Now()
	fmt.Println("Starting etcd, kube-apiserver and istiod (half a minute at the most) ...")
	m, err := mesh.Start(ctx, mesh.Options{})
	if err != nil {
		return err
	}
	defer func() {
		if stopErr := m.Stop(); err == nil {
			err = stopErr
		}
	}()
	fmt.Println("Installing holdfast from deploy/install.yaml ...")
	holdfast, err := m.InstallHoldfast(ctx, mesh.HoldfastOptions{Rules: string(rules)})
	if err != nil {
		return err
	}
	defer holdfast.Stop()
	fmt.Printf("Both webhooks answer after %.0f s.\n", time.Since(start).Seconds())

	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		objects, err := reviews.Pods(file, data)
		if err != nil {
			return err
		}
		for _, pod := range objects {
			if err := show(ctx, m, file, pod); err != nil {
				return fmt.Errorf("%s: %w", file, err)
			}
		}
	}
	return nil
}

// show creates one pod and prints what holdfast and Istio made of it.
func show(ctx context.Context, m *mesh.Mesh, file string, pod *corev1.Pod) error {
	// What users do once for each namespace.
	labels := map[string]string{"holdfast.dev/enabled": "true", "istio-injection": "enabled"}
	if err := m.Namespace(ctx, pod.Namespace, labels); err != nil {
		return err
	}
	created, warnings, err := m.CreatePod(ctx, pod)
	if err != nil {
		return err
	}
	relative, err := filepath.Rel(cluster.Root(), file)
	if err != nil {
		relative = file
	}
	fmt.Printf("\n%s: pod %s/%s\n", relative, created.Namespace, created.Name)
	changed := ours(created.Annotations, pod.Annotations)
	reviews.PrintChanges(os.Stdout, pod.Annotations, changed)
	if len(changed) == len(pod.Annotations) {
		fmt.Println("  holdfast added nothing")
	}
	for _, warning := range warnings {
		fmt.Printf("  warning: %s\n", warning)
	}
	printInjected(created)
	return nil
}

// ours leaves out the annotations that Istio's injector adds for itself.
func ours(after, before map[string]string) map[string]string {
	kept := map[string]string{}
	for key, value := range after {
		_, had := before[key]
		if had || strings.HasPrefix(key, "holdfast.dev/") || key == "proxy.istio.io/config" || strings.HasPrefix(key, "traffic.sidecar.istio.io/exclude") {
			kept[key] = value
		}
	}
	return kept
}

// printInjected shows where the rules arrived in the injected containers.
func printInjected(pod *corev1.Pod) {
	proxy := mesh.Container(pod, mesh.ProxyContainer)
	if proxy == nil {
		fmt.Println("  Istio injected no sidecar")
		return
	}
	fmt.Println("  Istio's sidecar has")
	for _, env := range proxy.Env {
		if slices.ContainsFunc(proxyVariables, func(prefix string) bool { return strings.HasPrefix(env.Name, prefix) }) {
			fmt.Printf("    %s=%s\n", env.Name, strings.TrimSpace(env.Value))
		}
	}
	init := mesh.Container(pod, "istio-init")
	if init == nil {
		return
	}
	for i, argument := range init.Args {
		if slices.Contains(initArguments, argument) && i+1 < len(init.Args) && init.Args[i+1] != "" {
			fmt.Printf("    istio-init %s %s\n", argument, init.Args[i+1])
		}
	}
}
