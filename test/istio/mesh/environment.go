package mesh

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// ProxyContainer is the name of the sidecar's container.
const ProxyContainer = "istio-proxy"

// Container returns the named container of a pod, among the init containers
// too (native sidecars stand there), or nil.
func Container(pod *corev1.Pod, name string) *corev1.Container {
	for _, list := range [][]corev1.Container{pod.Spec.Containers, pod.Spec.InitContainers} {
		for i := range list {
			if list[i].Name == name {
				return &list[i]
			}
		}
	}
	return nil
}

// Environment returns a container's environment as the kubelet would make it,
// as KEY=value in the order of the spec: field references filled in, $(VAR)
// expanded, $$ read as $. podIP stands for what status.podIP will be. Resource
// references become 0.
func Environment(pod *corev1.Pod, container *corev1.Container, podIP string) ([]string, error) {
	var list []string
	values := map[string]string{}
	for _, env := range container.Env {
		value := env.Value
		switch {
		case env.ValueFrom == nil:
			value = expand(value, values)
		case env.ValueFrom.FieldRef != nil:
			path := env.ValueFrom.FieldRef.FieldPath
			field, ok := map[string]string{
				"metadata.name":           pod.Name,
				"metadata.namespace":      pod.Namespace,
				"metadata.uid":            string(pod.UID),
				"spec.serviceAccountName": pod.Spec.ServiceAccountName,
				"spec.nodeName":           pod.Spec.NodeName,
				"status.podIP":            podIP,
				"status.hostIP":           "127.0.0.1",
			}[path]
			if !ok {
				return nil, fmt.Errorf("env %s of container %s: got field path %s, which the harness does not know", env.Name, container.Name, path)
			}
			value = field
		default:
			value = "0"
		}
		values[env.Name] = value
		list = append(list, env.Name+"="+value)
	}
	return list, nil
}

// expand does what the kubelet does to a literal value:
// https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/#environment-variables
func expand(value string, known map[string]string) string {
	var out strings.Builder
	for i := 0; i < len(value); i++ {
		if value[i] != '$' || i+1 == len(value) {
			out.WriteByte(value[i])
			continue
		}
		switch value[i+1] {
		case '$':
			out.WriteByte('$')
			i++
		case '(':
			end := strings.IndexByte(value[i:], ')')
			if end < 0 {
				out.WriteByte('$')
				continue
			}
			reference := value[i : i+end+1]
			if replacement, ok := known[reference[2:len(reference)-1]]; ok {
				out.WriteString(replacement)
			} else {
				out.WriteString(reference)
			}
			i += end
		default:
			out.WriteByte('$')
		}
	}
	return out.String()
}

// Value returns the value of a variable in a list of KEY=value; the last one
// wins, as in a process.
func Value(environment []string, name string) (value string, ok bool) {
	for _, pair := range environment {
		if key, v, found := strings.Cut(pair, "="); found && key == name {
			value, ok = v, true
		}
	}
	return value, ok
}
