package evidence

import (
	"encoding/binary"
	"hash/maphash"
	"iter"
	"sync"

	"github.com/holdfast-mesh/holdfast/istio"
	"github.com/holdfast-mesh/holdfast/rules"
)

// fingerprint tells what Scan reads of one pod from what it reads of others.
type fingerprint [2]uint64

// maxTexts is how many bytes a pod may have, with what it takes from ConfigMaps, to be
// remembered. Others are few, and take their time for other things.
const maxTexts = 64 << 10

// fingerprintOf reads a pod. It reports false for one that is too large.
func (m *memory) fingerprintOf(pod *rules.Pod) (f fingerprint, ok bool) {
	t := contents.Get().(*content)
	defer contents.Put(t)
	t.used, t.full = 0, false
	t.addPod(pod)
	if t.full {
		return f, false
	}
	read := t.bytes[:t.used]
	return fingerprint{maphash.Bytes(m.seeds[0], read), maphash.Bytes(m.seeds[1], read)}, true
}

// content is what is read of a pod, so that no two pods give the same bytes.
type content struct {
	bytes [maxTexts]byte // nearly all pods need a twentieth of it
	used  int
	full  bool // there was more
}

var contents = sync.Pool{New: func() any { return new(content) }}

func (t *content) addPod(pod *rules.Pod) {
	t.add(pod.Name)
	t.add(pod.Labels[hashLabel])
	t.addNumber(len(pod.Volumes))
	for i := range pod.Containers {
		if c := &pod.Containers[i]; !istio.IsOwnContainer(c.Name) {
			t.addContainer(pod, c)
		}
	}
}

func (t *content) addContainer(pod *rules.Pod, c *rules.Container) {
	t.add(c.Name)
	t.addList(c.Command)
	t.addList(c.Args)
	t.addNumber(len(c.EnvFrom))
	for i := range c.EnvFrom {
		from := &c.EnvFrom[i]
		t.add(from.Prefix)
		if known := t.addConfigMap(pod, from.ConfigMapRef.Name); known != nil {
			t.addSettings(known.All())
		}
	}
	t.addNumber(len(c.Env))
	for i := range c.Env {
		t.addVariable(pod, &c.Env[i])
	}
	t.addNumber(len(c.VolumeMounts))
	for i := range c.VolumeMounts[:min(len(c.VolumeMounts), maxMounts)] {
		t.addMount(pod, &c.VolumeMounts[i])
	}
}

func (t *content) addVariable(pod *rules.Pod, e *rules.EnvVar) {
	t.add(e.Name)
	t.add(e.Value)
	if e.ValueFrom == nil {
		t.addNumber(0)
		return
	}
	t.addNumber(1)
	t.add(e.ValueFrom.SecretKeyRef.Name)
	if known := t.addConfigMap(pod, e.ValueFrom.ConfigMapKeyRef.Name); known != nil {
		t.addSettings(known.Of(e.ValueFrom.ConfigMapKeyRef.Key))
	}
}

// addMount adds a volume where it is mounted, unless it shows no ConfigMap of the pod's
// own: the name of one that Kubernetes adds is another in each pod.
func (t *content) addMount(pod *rules.Pod, mount *rules.VolumeMount) {
	for i := range pod.Volumes[:min(len(pod.Volumes), maxMounts)] {
		v := &pod.Volumes[i]
		if v.Name != mount.Name {
			continue
		}
		for source := range configMapsOf(v) {
			t.addNumber(1)
			t.add(mount.SubPath)
			t.addNumber(len(source.Items))
			for j := range source.Items {
				t.add(source.Items[j].Key)
				t.add(source.Items[j].Path)
			}
			if known := t.addConfigMap(pod, source.Name); known != nil {
				t.addSettings(known.All())
			}
		}
		break
	}
	t.addNumber(0)
}

// addConfigMap adds the name of a ConfigMap, and returns what is known of it, or nil.
func (t *content) addConfigMap(pod *rules.Pod, name string) (known *rules.ConfigMap) {
	t.add(name)
	if name != "" && pod.ConfigMaps != nil {
		known = pod.ConfigMaps.ConfigMap(name)
	}
	if known == nil {
		t.addNumber(0)
	} else {
		t.addNumber(1)
	}
	return known
}

func (t *content) addSettings(all iter.Seq[rules.Setting]) {
	for s := range all {
		t.addNumber(1)
		t.add(s.Key)
		t.add(s.Name)
		t.add(s.Value)
		if t.full {
			return
		}
	}
	t.addNumber(0)
}

func (t *content) addList(list []string) {
	t.addNumber(len(list))
	for _, text := range list {
		t.add(text)
	}
}

// add adds a text behind its length.
func (t *content) add(text string) {
	t.addNumber(len(text))
	if t.full = t.full || len(text) > len(t.bytes)-t.used; !t.full {
		t.used += copy(t.bytes[t.used:], text)
	}
}

func (t *content) addNumber(n int) {
	const size = 4
	if t.full = t.full || size > len(t.bytes)-t.used; !t.full {
		binary.LittleEndian.PutUint32(t.bytes[t.used:], uint32(n))
		t.used += size
	}
}
