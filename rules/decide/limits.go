package decide

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/holdfast-mesh/holdfast/istio"
	"github.com/holdfast-mesh/holdfast/rules"
	"github.com/holdfast-mesh/holdfast/rules/merge"
)

// The size policy: what a pod may be with what rules add and what Istio makes of
// it afterwards, in bytes. It is narrower than what the API server, etcd and the
// kernel take, so that no pod that they would take is refused for holdfast's sake.
// Values that become arguments and variables have istio.MaxValueBytes.
const (
	// maxAnnotations is for keys and values of all annotations together. The API
	// server refuses over 256 KiB, after all webhooks; the injector adds some
	// 500 bytes, and others may come after it.
	// Source: TotalAnnotationSizeLimitB in https://github.com/kubernetes/apimachinery/blob/v0.37.2/pkg/api/validation/objectmeta.go
	maxAnnotations = 256<<10 - 16<<10
	// maxObject is for the whole pod, 1.4 MiB. etcd refuses requests over
	// 1.5 MiB; Istio's own containers take some 10 KB.
	// Source: DefaultMaxRequestBytes in https://github.com/etcd-io/etcd/blob/v3.6.8/server/embed/config.go
	maxObject = 14 << 20 / 10
)

// excess is a limit that a pod would be over.
type excess struct {
	what      string
	got, want int
	why       string // who refuses more
}

func (e *excess) String() string {
	return fmt.Sprintf("with the rules %s would have %d bytes, want at most %d: %s", e.what, e.got, e.want, e.why)
}

// exceeds says which limit the pod is over without anything added; nil if none.
func exceeds(pod *rules.Pod) *excess {
	return limits(pod, annotationBytes(pod), 0)
}

// exceedsWith says which limit the pod would be over with what is set; nil if none.
func exceedsWith(m *merge.Result, pod *rules.Pod) *excess {
	if len(m.Set)+len(m.Remove) == 0 {
		return nil
	}
	annotations, added := annotationBytes(pod), m.Copies
	for _, key := range m.Remove {
		freed := len(key) + len(pod.Annotations[key])
		annotations, added = annotations-freed, added-freed
	}
	for _, a := range m.Set {
		old, replaces := pod.Annotations[a.Key]
		growth := len(a.Value) - len(old)
		if !replaces {
			growth += len(a.Key)
		}
		annotations, added = annotations+growth, added+growth
		if what, size := argument(m, a); size > istio.MaxValueBytes {
			return &excess{what, size, istio.MaxValueBytes, "no kernel executes istio-init or the sidecar with 128 KiB in one argument or variable"}
		}
	}
	return limits(pod, annotations, added)
}

// argument names what an annotation becomes when a program is started, and its
// size in bytes; 0 if it becomes nothing.
func argument(m *merge.Result, a rules.Annotation) (what string, size int) {
	switch a.Key {
	case istio.ProxyConfigAnnotation:
		return "PROXY_CONFIG", m.ConfigSize
	case istio.ExcludeOutboundPortsAnnotation, istio.ExcludeOutboundIPRangesAnnotation:
		_, what, _ = strings.Cut(a.Key, "/")
		return what, len(a.Value)
	}
	return "", 0
}

// limits compares what all annotations take, and what is added to the object.
func limits(pod *rules.Pod, annotations, added int) *excess {
	kept := keptContainers(pod)
	if got := annotations + kept; got > maxAnnotations {
		return &excess{"annotations", got, maxAnnotations, "the API server refuses over 256 KiB, and Istio adds its own"}
	}
	if got := pod.Size + added + kept; got > maxObject {
		return &excess{"the pod", got, maxObject, "etcd refuses over 1.5 MiB, and Istio adds its containers and what it makes of the annotations"}
	}
	return nil
}

// keptContainers is how many bytes the injector will write into an annotation of
// containers that the author gave it to start from, at most: what else the
// object holds.
func keptContainers(pod *rules.Pod) int {
	if _, injected := pod.Annotations[istio.StatusAnnotation]; injected {
		return 0 // it has
	}
	for i := range pod.Containers {
		if istio.IsOwnContainer(pod.Containers[i].Name) {
			return max(pod.Size-annotationBytes(pod), 0)
		}
	}
	return 0
}

func annotationBytes(pod *rules.Pod) (bytes int) {
	for key, value := range pod.Annotations {
		bytes += len(key) + len(value)
	}
	return bytes
}

// leaveTooLarge fills the outcome of a pod that is left alone for its size.
func (s *Set) leaveTooLarge(e *excess, enforced []int32, o *rules.Outcome, warn *rules.Warnings) {
	o.Reason, o.Detail = rules.TooLarge, e.String()
	warn.Add(rules.WarnTooLarge, "left alone: with rule ", s.largest(enforced).Name,
		" "+e.what+" has "+strconv.Itoa(e.got)+" bytes, want at most "+strconv.Itoa(e.want))
}

// largest is the rule that adds the longest list, or the first one.
func (s *Set) largest(list []int32) *compiled {
	most := &s.rules[list[0]]
	for _, i := range list[1:] {
		if c := &s.rules[i]; c.Bypasses() > most.Bypasses() {
			most = c
		}
	}
	return most
}
