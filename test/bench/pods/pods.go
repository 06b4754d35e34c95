// Package pods makes the pods that are measured with: three sizes, each with an address of
// Redis in plain text, in a ConfigMap, or without one.
package pods

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// Namespace is where the pods are created.
const Namespace = "shop"

// VariantLabel is the label by which one webhook, or none, is asked about a pod.
const VariantLabel = "bench"

// Size is how much a pod says.
type Size int

// The sizes.
const (
	Small Size = iota
	Typical
	Fat
)

// Sizes are all of them, with their names.
var Sizes = []string{Small: "small", Typical: "typical", Fat: "fat"}

// Evidence is where a pod shows that it uses Redis.
type Evidence string

// The places.
const (
	Plain       Evidence = "plain"     // in a variable
	InConfigMap Evidence = "configmap" // in ConfigMap
	Nowhere     Evidence = "nowhere"   // it uses something else
)

// Pod is one pod; variant is the value of VariantLabel. All have annotations already, so that
// all get the same patch.
func Pod(size Size, evidence Evidence, variant string) *corev1.Pod {
	pod := &corev1.Pod{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Pod"},
		ObjectMeta: metav1.ObjectMeta{
			Namespace: Namespace, GenerateName: "cart-7d9c6b8f5-",
			Labels:      map[string]string{"app": "cart", VariantLabel: variant},
			Annotations: map[string]string{"prometheus.io/scrape": "true"},
		},
		Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "cart", Image: "registry.example.com/shop/cart:2.4.1"}}},
	}
	if size >= Typical {
		usual(pod)
	}
	cart := &pod.Spec.Containers[0]
	if size == Fat {
		large(pod)
		cart = &pod.Spec.Containers[0]
	}
	const variable = "REDIS_URL"
	switch evidence {
	case Plain:
		cart.Env = append(cart.Env, corev1.EnvVar{Name: variable, Value: address})
	case Nowhere:
		cart.Env = append(cart.Env, corev1.EnvVar{Name: "FLAGS_URL", Value: "http://flags.shop.example.com:8080/v1"})
	case InConfigMap:
		cart.Env = append(cart.Env, corev1.EnvVar{Name: variable, ValueFrom: &corev1.EnvVarSource{ConfigMapKeyRef: &corev1.ConfigMapKeySelector{
			LocalObjectReference: corev1.LocalObjectReference{Name: configMap}, Key: variable,
		}}})
	}
	return pod
}

const (
	configMap = "cart"
	address   = "redis://sessions.shop.example.com:6379/0"
)

// ConfigMap is what pods with InConfigMap take their address from.
func ConfigMap() *corev1.ConfigMap {
	return &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Namespace: Namespace, Name: configMap},
		Data:       map[string]string{"REDIS_URL": address, "LOG_LEVEL": "info"},
	}
}

// usual gives a pod what most have: an owner, variables, probes, resources, volumes, a second
// container.
func usual(pod *corev1.Pod) {
	yes := true
	pod.Labels["pod-template-hash"], pod.Labels["app.kubernetes.io/part-of"] = "7d9c6b8f5", "shop"
	pod.Annotations["checksum/config"] = strings.Repeat("0123456789abcdef", 4)
	pod.OwnerReferences = []metav1.OwnerReference{{
		APIVersion: "apps/v1", Kind: "ReplicaSet", Name: "cart-7d9c6b8f5", UID: "0e7e64d0-5b4c-4c1c-9d3c-6f8a8f0a6f5e",
		Controller: &yes, BlockOwnerDeletion: &yes,
	}}
	pod.Spec.ServiceAccountName = "cart"
	pod.Spec.Volumes = []corev1.Volume{{Name: "config", VolumeSource: corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{SecretName: "cart"}}}}
	pod.Spec.Containers = append(pod.Spec.Containers, corev1.Container{
		Name: "exporter", Image: "registry.example.com/tools/exporter:1.9.0", Args: []string{"--web.listen-address=:9104", "--log.level=warn"},
	})
	for i := range pod.Spec.Containers {
		equip(&pod.Spec.Containers[i], 7)
	}
}

// large gives a pod what generated ones have: many containers with many variables.
func large(pod *corev1.Pod) {
	for i := range 5 {
		sidecar := *pod.Spec.Containers[1].DeepCopy()
		sidecar.Name = fmt.Sprintf("agent-%d", i)
		pod.Spec.Containers = append(pod.Spec.Containers, sidecar)
	}
	for i := range pod.Spec.Containers {
		c := &pod.Spec.Containers[i]
		c.Env = nil
		equip(c, 38)
	}
}

// equip gives a container variables, probes, resources and mounts.
func equip(c *corev1.Container, variables int) {
	for i := range variables {
		c.Env = append(c.Env, corev1.EnvVar{
			Name:  fmt.Sprintf("%s_FLAG_%02d", strings.ToUpper(strings.ReplaceAll(c.Name, "-", "_")), i),
			Value: fmt.Sprintf("production/flags/%02d?default=off&refresh=30s&sample=0.25", i),
		})
	}
	c.Resources = corev1.ResourceRequirements{
		Limits:   corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("512Mi")},
		Requests: corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("512Mi"), corev1.ResourceCPU: resource.MustParse("250m")},
	}
	c.ReadinessProbe = &corev1.Probe{
		ProbeHandler:  corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{Path: "/ready", Port: intstr.FromInt32(8080)}},
		PeriodSeconds: 10,
	}
	c.LivenessProbe = c.ReadinessProbe.DeepCopy()
	c.VolumeMounts = []corev1.VolumeMount{{Name: "config", MountPath: "/etc/app", ReadOnly: true}}
}
