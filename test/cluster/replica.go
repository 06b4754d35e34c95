package cluster

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Run starts one more pod of the Deployment holdfast as a process, in place of a
// kubelet: with the arguments, the environment and the volumes that the API server has,
// under its service account, but on loopback. Of the options only Binary, Env and
// Output count. It need not become ready; stop it with Holdfast.Stop.
func (c *Cluster) Run(ctx context.Context, namespace string, options HoldfastOptions) (*Holdfast, error) {
	var deployment appsv1.Deployment
	if err := c.Client.Get(ctx, client.ObjectKey{Namespace: namespace, Name: "holdfast"}, &deployment); err != nil {
		return nil, err
	}
	pod := deployment.Spec.Template.Spec
	dir, err := os.MkdirTemp("", "holdfast-")
	if err != nil {
		return nil, err
	}
	h := &Holdfast{dir: dir, exited: make(chan struct{})}
	kubeconfig, err := c.serviceAccount(dir, namespace)
	if err != nil {
		return nil, err
	}
	addresses, err := FreeAddresses(3)
	if err != nil {
		return nil, err
	}
	h.Addr, h.MetricsURL, h.HealthURL = addresses[0], "http://"+addresses[1]+"/metrics", "http://"+addresses[2]
	host, port, _ := net.SplitHostPort(h.Addr)
	// Later flags win.
	args := append(c.mount(h, namespace, &pod), "--bind-address="+host, "--port="+port,
		"--metrics-bind-address="+addresses[1], "--health-probe-bind-address="+addresses[2], "--drain=200ms")
	h.command = exec.Command(options.Binary, args...)
	h.command.Stderr = options.Output
	h.command.Env = append([]string{"KUBECONFIG=" + kubeconfig}, options.Env...)
	for _, env := range pod.Containers[0].Env {
		if env.ValueFrom != nil {
			if env.ValueFrom.FieldRef == nil || env.ValueFrom.FieldRef.FieldPath != "metadata.namespace" {
				return nil, fmt.Errorf("env %s: got a source that is not known here, want metadata.namespace", env.Name)
			}
			env.Value = namespace
		}
		h.command.Env = append(h.command.Env, env.Name+"="+env.Value)
	}
	if err := h.start(options); err != nil {
		return nil, err
	}
	return h, nil
}

// Place makes the object of one more pod of the Deployment holdfast, on a node and ready,
// which no controller does here. Nothing runs for it.
func (c *Cluster) Place(ctx context.Context, namespace, name, node string) error {
	var deployment appsv1.Deployment
	if err := c.Client.Get(ctx, client.ObjectKey{Namespace: namespace, Name: "holdfast"}, &deployment); err != nil {
		return err
	}
	pod := &corev1.Pod{ObjectMeta: deployment.Spec.Template.ObjectMeta, Spec: deployment.Spec.Template.Spec}
	pod.Namespace, pod.Name, pod.Spec.NodeName = namespace, name, node
	if err := c.Client.Create(ctx, pod); err != nil {
		return err
	}
	return c.SetReady(ctx, pod, true)
}

// SetReady says in a pod's status that it is ready, or is not.
func (c *Cluster) SetReady(ctx context.Context, pod *corev1.Pod, ready bool) error {
	status := corev1.ConditionFalse
	if ready {
		status = corev1.ConditionTrue
	}
	pod.Status.Phase = corev1.PodRunning
	pod.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: status}}
	return c.Client.Status().Update(ctx, pod)
}

// mount makes a folder for each volume, which follows its Secret or ConfigMap, and
// returns the container's arguments with these folders in them.
func (c *Cluster) mount(h *Holdfast, namespace string, pod *corev1.PodSpec) []string {
	args := append([]string{}, pod.Containers[0].Args...)
	for _, mounted := range pod.Containers[0].VolumeMounts {
		folder := filepath.Join(h.dir, mounted.Name)
		for i := range args {
			args[i] = strings.ReplaceAll(args[i], mounted.MountPath, folder)
		}
		for _, volume := range pod.Volumes {
			if volume.Name == mounted.Name {
				c.project(namespace, volume, folder)
				go func() {
					for {
						select {
						case <-h.exited:
							return
						case <-time.After(100 * time.Millisecond):
							c.project(namespace, volume, folder)
						}
					}
				}()
			}
		}
	}
	return args
}

// project writes what a volume holds now. A kubelet needs up to a minute for that.
func (c *Cluster) project(namespace string, volume corev1.Volume, folder string) {
	files := map[string][]byte{}
	switch {
	case volume.Secret != nil:
		var secret corev1.Secret
		if c.Client.Get(context.Background(), client.ObjectKey{Namespace: namespace, Name: volume.Secret.SecretName}, &secret) == nil {
			files = secret.Data
		}
	case volume.ConfigMap != nil:
		var configMap corev1.ConfigMap
		if c.Client.Get(context.Background(), client.ObjectKey{Namespace: namespace, Name: volume.ConfigMap.Name}, &configMap) == nil {
			for name, text := range configMap.Data {
				files[name] = []byte(text)
			}
		}
	}
	if os.MkdirAll(folder, 0o700) != nil {
		return
	}
	for name, data := range files {
		path := filepath.Join(folder, name)
		if old, err := os.ReadFile(path); err == nil && bytes.Equal(old, data) {
			continue
		}
		if os.WriteFile(path+".new", data, 0o600) == nil {
			_ = os.Rename(path+".new", path)
		}
	}
}
