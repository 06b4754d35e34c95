package mesh

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
)

// startCluster starts etcd and kube-apiserver and makes the admin's client.
func (m *Mesh) startCluster() error {
	env := &envtest.Environment{
		BinaryAssetsDirectory: filepath.Join(m.bin, "kube"),
		// envtest's 20 s are short when the machine compiles beside it.
		ControlPlaneStartTimeout: time.Minute,
		ControlPlaneStopTimeout:  20 * time.Second,
	}
	config, err := env.Start()
	m.stops = append(m.stops, env.Stop)
	if err != nil {
		return fmt.Errorf("starting the API server: %w", err)
	}
	m.env, m.Config = env, rest.CopyConfig(config)
	m.Config.WarningHandlerWithContext = warningHandler{}
	if err := m.guard(); err != nil {
		return err
	}
	m.Kubeconfig = filepath.Join(m.Dir, "kubeconfig")
	if err := os.WriteFile(m.Kubeconfig, env.KubeConfig, 0o600); err != nil {
		return err
	}
	m.Client, err = client.New(m.Config, client.Options{})
	return err
}

// guard starts a shell that kills etcd and kube-apiserver when this process
// dies without having stopped them: envtest leaves them running then. The
// shell notices by the end of its standard input.
func (m *Mesh) guard() error {
	pids, err := children("etcd", "kube-apiserver")
	if err != nil {
		return err
	}
	stdin, keep, err := os.Pipe()
	if err != nil {
		return err
	}
	defer stdin.Close()
	cmd := exec.Command("/bin/sh", append([]string{"-c", `read -r stopped || kill -KILL "$@" 2>/dev/null`, "guard"}, pids...)...)
	cmd.Stdin = stdin
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		keep.Close()
		return fmt.Errorf("starting the guard of the control plane: %w", err)
	}
	// Before envtest's stop, since stops run last one first: the processes'
	// ids must not be killed once they may belong to others.
	m.stops = append(m.stops, func() error {
		_, err := keep.WriteString("stopped\n")
		return errors.Join(err, keep.Close(), cmd.Wait())
	})
	return nil
}

// children returns the ids of this process's children that run one of the
// named programs.
func children(names ...string) ([]string, error) {
	lists, err := filepath.Glob("/proc/self/task/*/children")
	if err != nil {
		return nil, err
	}
	var found []string
	for _, list := range lists {
		data, err := os.ReadFile(list)
		if err != nil {
			continue // the thread has ended
		}
		for _, pid := range strings.Fields(string(data)) {
			comm, err := os.ReadFile(filepath.Join("/proc", pid, "comm"))
			if err != nil {
				continue
			}
			for _, name := range names {
				// The kernel keeps 15 bytes of a program's name.
				if string(bytes.TrimSpace(comm)) == name[:min(15, len(name))] {
					found = append(found, pid)
				}
			}
		}
	}
	return found, nil
}

// Namespace creates a namespace, or gives an existing one exactly these labels
// (besides those that the API server keeps).
func (m *Mesh) Namespace(ctx context.Context, name string, labels map[string]string) error {
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels}}
	err := m.Client.Create(ctx, namespace)
	if client.IgnoreAlreadyExists(err) != nil {
		return err
	}
	if err == nil {
		return nil
	}
	if err := m.Client.Get(ctx, client.ObjectKeyFromObject(namespace), namespace); err != nil {
		return err
	}
	namespace.Labels = labels
	return m.Client.Update(ctx, namespace)
}

// CreatePod creates a pod as given, through every admission webhook, and
// returns it as stored, with the warnings that the API server passed on.
//
// A service account is filled in where there is none: without
// kube-controller-manager a namespace has no default one to be admitted with,
// and Istio's injection template needs a name.
func (m *Mesh) CreatePod(ctx context.Context, pod *corev1.Pod, options ...client.CreateOption) (*corev1.Pod, []string, error) {
	ctx, warnings := collectWarnings(ctx)
	created := pod.DeepCopy()
	if created.Spec.ServiceAccountName == "" {
		created.Spec.ServiceAccountName = "default"
	}
	err := m.Client.Create(ctx, created, options...)
	return created, warnings.all(), err
}
