// Command cert-manager runs the controllers of cert-manager that make holdfast's
// certificate, and its CA injector, against the cluster of $KUBECONFIG, until it is
// ended. They are cert-manager's own, from its released module, with its defaults. Its
// programs are modules that are not released, so this starts what they start
// (https://github.com/cert-manager/cert-manager/tree/v1.21.2/cmd), but one process for all
// of them, without leader election, metrics and health checks. Left out are the controllers
// for ACME, Vault, Venafi, Ingress and Gateway, and the webhook that checks
// cert-manager's own objects, whose definitions check most of it.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/sync/errgroup"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/klog/v2"
	ctrl "sigs.k8s.io/controller-runtime"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Getenv(clientcmd.RecommendedConfigPathEnvVar)); err != nil && !errors.Is(err, context.Canceled) {
		fmt.Fprintln(os.Stderr, "cert-manager:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, kubeconfig string) error {
	ctrl.SetLogger(klog.Background())
	config, err := restConfig(kubeconfig)
	if err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return runControllers(ctx, kubeconfig) })
	group.Go(func() error { return runInjector(ctx, config) })
	return group.Wait()
}

func restConfig(kubeconfig string) (*rest.Config, error) {
	if kubeconfig == "" {
		return nil, errors.New("got no KUBECONFIG, want the path of one")
	}
	return clientcmd.BuildConfigFromFlags("", kubeconfig)
}
