package istio_test

import (
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/holdfast-mesh/holdfast/istio"
	"github.com/holdfast-mesh/holdfast/rules"
	"github.com/holdfast-mesh/holdfast/test/istio/mesh"
)

// networkRules are rules n0, n1, ... that bypass so many networks each.
func networkRules(counts ...int) string {
	text := "apiVersion: holdfast.dev/v1alpha1\nkind: Rules\nrules:\n"
	for rule, count := range counts {
		list := make([]string, count)
		for i := range list {
			list[i] = fmt.Sprintf("1%d.%d.%d.0/24", rule, 100+i>>8, i&0xff)
		}
		text += fmt.Sprintf("- name: n%d\n  destinations: {cidrs: [%s]}\n  strategy: {bypass: CIDRs}\n", rule, strings.Join(list, ","))
	}
	return text
}

const idleRule = "- name: idle\n  destinations: {middleware: [redis]}\n  strategy: {idleTimeout: 48h}\n"

// every lists the sizes from one to another by steps.
func every(step, from, to int) (sizes []int) {
	for size := from; size < to; size += step {
		sizes = append(sizes, size)
	}
	return sizes
}

// setRules puts rules in force until the test ends.
func setRules(t *testing.T, text string) {
	t.Helper()
	if err := shared.holdfast.SetRules(t.Context(), text); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { setSharedRules(t) })
}

// A pod that API server, etcd and injector take without holdfast, they take with
// it, whatever its size: patched, or left alone with a warning.
func TestNoPodIsRefusedForItsSize(t *testing.T) {
	annotations := func(pod *corev1.Pod, bytes int) { annotated(pod, "mine", strings.Repeat("x", bytes)) }
	for _, test := range []struct {
		what  string
		rules string
		grow  func(pod *corev1.Pod, bytes int)
		sizes []int // ascending; what holdfast adds is more than the last steps
	}{
		{"annotations", networkRules() + idleRule, annotations, append(every(500, 244_000, 247_000), every(70, 261_000, 262_400)...)},
		{"annotations beside an own sidecar container", networkRules() + idleRule, func(pod *corev1.Pod, bytes int) {
			pod.Spec.Containers = append(pod.Spec.Containers, corev1.Container{Name: mesh.ProxyContainer, Image: "auto", Env: []corev1.EnvVar{{Name: "LONG", Value: strings.Repeat("x", 40_000)}}})
			annotations(pod, bytes)
		}, append(every(1000, 200_000, 206_000), every(70, 220_500, 222_300)...)},
		{"the object", networkRules(5000), func(pod *corev1.Pod, bytes int) {
			pod.Spec.Containers[0].Env = append(pod.Spec.Containers[0].Env, corev1.EnvVar{Name: "LONG", Value: strings.Repeat("x", bytes)})
		}, every(20_000, 1_200_000, 1_600_000)},
		{"the object, its ProxyConfig and an alias", networkRules(5000) + idleRule, func(pod *corev1.Pod, bytes int) {
			annotated(pod, istio.ProxyConfigAnnotation, "proxyMetadata: {A: &a "+strings.Repeat("x", 30_000)+", B: *a}")
			pod.Spec.Containers[0].Env = append(pod.Spec.Containers[0].Env, corev1.EnvVar{Name: "LONG", Value: strings.Repeat("x", bytes)})
		}, every(25_000, 950_000, 1_400_000)},
	} {
		t.Run(test.what, func(t *testing.T) {
			setRules(t, test.rules)
			with, without := optedIn(t, plain), sidecarOnly(t, plain)
			patched, left, refused := 0, 0, 0
			for _, bytes := range test.sizes {
				pod := newPod(without)
				test.grow(pod, bytes)
				if _, _, err := shared.mesh.CreatePod(t.Context(), pod); err != nil {
					refused++ // without holdfast
					continue
				}
				pod.Namespace = with
				created, warnings, err := shared.mesh.CreatePod(t.Context(), pod)
				switch {
				case err != nil:
					t.Errorf("%d bytes: accepted without holdfast, refused with it: %.300v", bytes, err)
				case created.Annotations[rules.AppliedAnnotation] != "":
					patched++
					if left > 0 {
						t.Errorf("%d bytes: patched, while less was left alone", bytes)
					}
				case !anyContains(warnings, "want at most"):
					t.Errorf("%d bytes: neither patched nor warned of: %q", bytes, warnings)
				default:
					left++
				}
			}
			if patched == 0 || left == 0 || refused == 0 {
				t.Errorf("got %d pods patched, %d left alone, %d refused without holdfast too; want some of each", patched, left, refused)
			}
		})
	}
}

// With the longest lists and the largest ProxyConfig that holdfast makes, the
// kernel executes programs with istio-init's arguments and the environments of
// both of Istio's containers.
func TestLargestArgumentsAreExecuted(t *testing.T) {
	setRules(t, networkRules(3120, 3120)+idleRule)
	pod := annotated(newPod(optedIn(t, plain)), istio.ProxyConfigAnnotation, "proxyMetadata: {LONG: "+strings.Repeat("x", istio.MaxValueBytes-200)+"}")
	created := injected(t, pod)
	list := initArgument(t, created, "-x")
	config := sidecarEnv(t, created, "PROXY_CONFIG")
	for what, size := range map[string]int{"list": len(list), "PROXY_CONFIG": len(config)} {
		if size > istio.MaxValueBytes || size < istio.MaxValueBytes-2500 {
			t.Errorf("%s: got %d bytes, want just under %d", what, size, istio.MaxValueBytes)
		}
	}
	for _, name := range []string{"istio-init", mesh.ProxyContainer} {
		container := mesh.Container(created, name)
		environment, err := mesh.Environment(created, container, "10.0.0.7")
		if err != nil {
			t.Fatal(err)
		}
		if err := execute(t, container.Args, environment); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	// Not every list can be executed.
	if err := execute(t, []string{strings.Repeat("1", 128<<10)}, nil); !errors.Is(err, syscall.E2BIG) {
		t.Errorf("an argument of 128 KiB: got %v, want %v", err, syscall.E2BIG)
	}
}

// execute runs a program that does nothing.
func execute(t *testing.T, args, environment []string) error {
	t.Helper()
	command := exec.CommandContext(t.Context(), "/bin/true", args...)
	command.Env = environment
	return command.Run()
}

// Called again after the injector, holdfast takes nothing of Istio's for the
// application's: no rule matches that did not, and nobody is told that the order
// is wrong.
func TestIstiosOwnAddressesAreNoEvidence(t *testing.T) {
	setRules(t, networkRules()+"- name: control-plane\n  destinations: {ports: [15010, 15012]}\n  workloads: {referencing: true}\n  strategy: {idleTimeout: 48h}\n")
	for _, revision := range []string{plain, native, excluding} {
		matched, wrong := decided(t, rules.NoRuleMatched), decided(t, rules.AlreadyInjected)
		pod, warnings := create(t, newPod(optedIn(t, revision)))
		if !captured(pod) || pod.Annotations[rules.AppliedAnnotation] != "" || len(warnings) > 0 {
			t.Errorf("revision %q: got annotations %v, warnings %q; want a sidecar and nothing of holdfast's", revision, pod.Annotations, warnings)
		}
		awaitDecided(t, rules.NoRuleMatched, matched+2) // before the injector and after it
		if after := decided(t, rules.AlreadyInjected); after != wrong {
			t.Errorf("revision %q: got %v pods told that the order is wrong, want none", revision, after-wrong)
		}
	}
}
