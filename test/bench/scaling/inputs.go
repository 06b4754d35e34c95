package main

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/holdfast-mesh/holdfast/test/bench/pods"
	"github.com/holdfast-mesh/holdfast/test/bench/scaling/growth"
	"github.com/holdfast-mesh/holdfast/test/reviews"
)

// input is something of which there may be more or less.
type input struct {
	title   string
	wanted  growth.Law
	amounts []int
	of      func(n int) situation
}

// situation is what holdfast is measured in.
type situation struct {
	rules string
	pod   *corev1.Pod
	// patched says that the pod is to get annotations.
	patched     bool
	inConfigMap bool    // is what the pod's address is
	cluster     objects // that it has at least
}

// known is the pod, or one like it that is decided alike where no cluster is known.
func (s *situation) known() *corev1.Pod {
	if s.inConfigMap {
		return typical(pods.Plain)
	}
	return s.pod
}

const (
	header = "apiVersion: holdfast.dev/v1alpha1\nkind: Rules\nrules:\n"
	// sessions is the rule that pods with an address match.
	sessions = "- name: sessions\n  destinations: {middleware: [redis]}\n  workloads: {referencing: true}\n  strategy: {idleTimeout: 48h}\n"
	// ofItsOwn makes holdfast remember nothing from one pod for the next: each draws its own duration.
	ofItsOwn = "- name: jitter\n  destinations: {ports: [1024]}\n  workloads: {namespaces: [" + pods.Namespace + "]}\n  strategy: {drainDuration: 12h, drainJitter: 10}\n"
	few      = 10
)

// Amounts that are tenfold each.
var (
	toThousands   = []int{10, 100, 1_000, 10_000}
	fromOne       = []int{1, 10, 100, 1_000, 10_000}
	ofVariables   = []int{10, 100, 1_000, 3_000}
	ofKilobytes   = []int{1, 10, 100, 200}
	ofNamespaces  = []int{10, 50, 500, 5_000}
	ofConfigMaps  = []int{0, 200, 2_000, 20_000}
	ofBypassCIDRs = []int{10, 100, 1_000, 5_000}
)

// inputs are all that is measured, those of the cluster last: what was made there stays.
func inputs() []input {
	return []input{
		{"rules, one matches", growth.Constant, toThousands, func(n int) situation {
			return situation{rules: manyRules(n), pod: typical(pods.Plain), patched: true}
		}},
		{"rules, none matches", growth.Constant, toThousands, func(n int) situation {
			return situation{rules: manyRules(n), pod: typical(pods.Nowhere)}
		}},
		{"ports of a rule", growth.Constant, fromOne, func(n int) situation {
			return situation{rules: oneRule("ports: ["+list(n, func(i int) string { return fmt.Sprint(6379 + 2*i) })+"]", true, "idleTimeout: 48h"), pod: typical(pods.Plain), patched: true}
		}},
		{"CIDRs of a rule, for pods that show an address in one", growth.Constant, toThousands, func(n int) situation {
			return situation{rules: oneRule("cidrs: ["+cidrs(n)+"]", true, "idleTimeout: 48h"), pod: with("SESSIONS", "10.0.0.7:6379"), patched: true}
		}},
		{"CIDRs that a rule takes past the sidecar, worked out for each pod", growth.Linear, ofBypassCIDRs, func(n int) situation {
			return situation{rules: oneRule("cidrs: ["+cidrs(n)+"]", false, "bypass: CIDRs") + ofItsOwn, pod: typical(pods.Plain), patched: true}
		}},
		{"variables of a pod", growth.Linear, ofVariables, func(n int) situation {
			s := situation{rules: manyRules(few), pod: typical(pods.Plain), patched: true}
			c := &s.pod.Spec.Containers[0]
			for i := range n {
				c.Env = append(c.Env, corev1.EnvVar{Name: fmt.Sprintf("FEATURE_%04d", i), Value: fmt.Sprintf("https://flags.shop.example.com/v1/%04d?refresh=30s", i)})
			}
			return s
		}},
		{"KB of a pod's annotations", growth.Linear, ofKilobytes, func(n int) situation {
			s := situation{rules: manyRules(few), pod: typical(pods.Plain), patched: true}
			for i := range n {
				s.pod.Annotations[fmt.Sprintf("example.com/part-%d", i)] = strings.Repeat("0123456789abcde ", 1000/16)
			}
			return s
		}},
		{"namespaces", growth.Constant, ofNamespaces, func(n int) situation {
			return situation{rules: manyRules(few), pod: typical(pods.Plain), patched: true, cluster: objects{namespaces: n}}
		}},
		{"ConfigMaps that are read", growth.Constant, ofConfigMaps, func(n int) situation {
			return situation{rules: manyRules(few), pod: typical(pods.InConfigMap), inConfigMap: true, patched: true, cluster: objects{5_000, n}}
		}},
	}
}

// manyRules are n rules, the last of which is for pods with an address.
func manyRules(n int) string { return reviews.ManyRules(n-1) + sessions }

func oneRule(destinations string, referencing bool, strategy string) string {
	return header + fmt.Sprintf("- name: one\n  destinations: {%s}\n  workloads: {namespaces: [%s], referencing: %v}\n  strategy: {%s}\n", destinations, pods.Namespace, referencing, strategy)
}

func list(n int, item func(int) string) string {
	items := make([]string, n)
	for i := range items {
		items[i] = item(i)
	}
	return strings.Join(items, ", ")
}

// cidrs are networks that do not touch one another.
func cidrs(n int) string {
	return list(n, func(i int) string { return fmt.Sprintf("10.%d.%d.0/25", i/256, i%256) })
}

// serial is what a pod has in a variable, so that a new one can be made of it.
const serial = "serial-00000000"

// typical is a pod that shows its address somewhere.
func typical(where pods.Evidence) *corev1.Pod {
	pod := pods.Pod(pods.Typical, where, "scaling")
	c := &pod.Spec.Containers[0]
	c.Env = append(c.Env, corev1.EnvVar{Name: "BUILD", Value: serial})
	return pod
}

// with is a pod with a variable.
func with(name, value string) *corev1.Pod {
	pod := typical(pods.Nowhere)
	c := &pod.Spec.Containers[0]
	c.Env = append(c.Env, corev1.EnvVar{Name: name, Value: value})
	return pod
}
