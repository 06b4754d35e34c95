package evidence

import (
	"iter"
	"slices"
	"strings"

	"github.com/holdfast-mesh/holdfast/rules"
)

// Bounds of what a pod takes from ConfigMaps: one may be named very often. The rest is
// not looked at.
const (
	maxTaken  = 256 << 10 // bytes
	maxMounts = 256       // volumes, and mounts of a container
)

// resolve returns a container with the variables that the kubelet will give it, as far as
// they are known: those of envFrom first, of which the later ones count, then those of
// env, which count more. Keys may have any name there, as the kubelet takes any.
// Source: https://github.com/kubernetes/kubernetes/blob/v1.37.0/pkg/kubelet/kubelet_pods.go (makeEnvironmentVariables)
func (s *scanner) resolve(c *rules.Container) *rules.Container {
	taken := s.envFrom(c)
	if len(taken) == 0 && !slices.ContainsFunc(c.Env, func(e rules.EnvVar) bool { return e.ValueFrom != nil && e.ValueFrom.ConfigMapKeyRef.Name != "" }) {
		return c
	}
	resolved := *c
	resolved.Env = overridden(taken, c.Env)
	for i := range c.Env {
		resolved.Env = s.valueFrom(resolved.Env, &c.Env[i])
	}
	return &resolved
}

// envFrom returns the variables that whole ConfigMaps make. ValueFrom says of which.
func (s *scanner) envFrom(c *rules.Container) (taken []rules.EnvVar) {
	for i := range c.EnvFrom {
		from := &c.EnvFrom[i]
		if from.SecretRef.Name != "" {
			s.notRead(byEnvFrom, "", secretKind, from.SecretRef.Name)
		}
		known := s.configMap(byEnvFrom, "", from.ConfigMapRef.Name)
		if known == nil {
			continue
		}
		origin := &rules.ValueFrom{ConfigMapKeyRef: rules.KeyRef{Name: from.ConfigMapRef.Name}}
		for setting := range known.All() {
			if !s.take(&setting) {
				break
			}
			switch {
			case setting.Name == "":
				taken = append(taken, rules.EnvVar{Name: from.Prefix + setting.Key, Value: setting.Value, ValueFrom: origin})
			case !strings.Contains(setting.Key, "."): // a text as variables have it, and no file
				taken = append(taken, rules.EnvVar{Name: setting.Name, Value: setting.Value, ValueFrom: origin})
			}
		}
	}
	return taken
}

// overridden returns those variables of envFrom that no later ones and none of env
// replace.
func overridden(taken, env []rules.EnvVar) []rules.EnvVar {
	if len(taken) == 0 {
		return nil
	}
	defined := make(map[string]*rules.ValueFrom, len(taken)+len(env))
	for i := range env {
		defined[env[i].Name] = nil
	}
	for _, v := range slices.Backward(taken) {
		if _, ok := defined[v.Name]; !ok {
			defined[v.Name] = v.ValueFrom
		}
	}
	return slices.DeleteFunc(taken, func(v rules.EnvVar) bool { return defined[v.Name] != v.ValueFrom })
}

// valueFrom appends a variable of env, with the value that a ConfigMap gives it: several
// times, if that is a file.
func (s *scanner) valueFrom(list []rules.EnvVar, e *rules.EnvVar) []rules.EnvVar {
	if e.Value != "" || e.ValueFrom == nil || e.ValueFrom.ConfigMapKeyRef.Name == "" {
		return append(list, *e)
	}
	known := s.configMap("", e.Name, e.ValueFrom.ConfigMapKeyRef.Name)
	if known == nil {
		return append(list, *e) // read says that it is not known
	}
	for setting := range known.Of(e.ValueFrom.ConfigMapKeyRef.Key) {
		if !s.take(&setting) {
			break
		}
		v := rules.EnvVar{Name: e.Name, Value: setting.Value, ValueFrom: e.ValueFrom}
		if setting.Name != "" {
			v.Name = setting.Name
		}
		list = append(list, v)
	}
	return list
}

// mounts reads what ConfigMaps show a container as files.
func (s *scanner) mounts(c *rules.Container) {
	if len(s.pod.Volumes) == 0 {
		return
	}
	for i := range c.VolumeMounts[:min(len(c.VolumeMounts), maxMounts)] {
		mount := &c.VolumeMounts[i]
		for j := range s.pod.Volumes[:min(len(s.pod.Volumes), maxMounts)] {
			if v := &s.pod.Volumes[j]; v.Name == mount.Name {
				s.volume(c, v, mount)
				break
			}
		}
	}
	s.left = s.left || len(c.VolumeMounts) > maxMounts || len(s.pod.Volumes) > maxMounts
}

func (s *scanner) volume(c *rules.Container, v *rules.Volume, mount *rules.VolumeMount) {
	for source := range configMapsOf(v) {
		s.mounted(c, source, mount)
	}
}

// configMapsOf are the ConfigMaps that a volume shows, but for the cluster's own.
func configMapsOf(v *rules.Volume) iter.Seq[*rules.ConfigMapVolume] {
	return func(yield func(*rules.ConfigMapVolume) bool) {
		if v.ConfigMap != nil && v.ConfigMap.Name != clusterCA && !yield(v.ConfigMap) || v.Projected == nil {
			return
		}
		for i := range v.Projected.Sources {
			if source := v.Projected.Sources[i].ConfigMap; source != nil && source.Name != clusterCA && !yield(source) {
				return
			}
		}
	}
}

// clusterCA is the ConfigMap that every pod is shown, and that holds a certificate.
// Source: https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/#bound-service-account-token-volume
const clusterCA = "kube-root-ca.crt"

// mounted reads the keys of a ConfigMap that a mount shows.
func (s *scanner) mounted(c *rules.Container, v *rules.ConfigMapVolume, mount *rules.VolumeMount) {
	known := s.configMap(byVolume, mount.Name, v.Name)
	if known == nil {
		return
	}
	f := files{s: s, of: c.Name, configMap: v.Name, plain: &rules.Container{Name: c.Name}}
	if len(v.Items) == 0 {
		if mount.SubPath == "" {
			known.All()(f.add)
		} else {
			known.Of(mount.SubPath)(f.add)
		}
	}
	for i := range v.Items {
		if item := &v.Items[i]; mount.SubPath == "" || item.Path == mount.SubPath || strings.HasPrefix(item.Path, mount.SubPath+"/") {
			known.Of(item.Key)(f.add)
		}
	}
	f.end()
	s.variables(f.plain, inFile)
}

// files are those of one mount, as containers of their own: only what stands in one file
// belongs together, and keys that hold nothing but a value.
type files struct {
	s         *scanner
	of        string // the container
	configMap string
	plain     *rules.Container // REDIS_HOST is a file, and REDIS_PORT another
	key       string
	file      *rules.Container // of key
}

func (f *files) add(setting rules.Setting) bool {
	if !f.s.take(&setting) {
		return false
	}
	into := f.plain
	if setting.Name == "" {
		setting.Name = setting.Key
	} else {
		if setting.Key != f.key || f.file == nil {
			f.end()
			f.key, f.file = setting.Key, &rules.Container{Name: f.of}
		}
		into = f.file
	}
	from := &rules.ValueFrom{ConfigMapKeyRef: rules.KeyRef{Name: f.configMap, Key: setting.Key}}
	if n := len(into.Env); n > 0 && into.Env[n-1].ValueFrom.ConfigMapKeyRef.Key == setting.Key {
		from = into.Env[n-1].ValueFrom
	}
	into.Env = append(into.Env, rules.EnvVar{Name: setting.Name, Value: setting.Value, ValueFrom: from})
	return true
}

// end reads the file of the last key.
func (f *files) end() {
	if f.file != nil {
		f.s.variables(f.file, inFile)
	}
	f.file = nil
}

// configMap returns what is known of a ConfigMap of the pod's namespace. It notes one that
// is not, unless it has no name, or how is empty.
func (s *scanner) configMap(how, variable, name string) (known *rules.ConfigMap) {
	if name == "" {
		return nil
	}
	if s.pod.ConfigMaps != nil {
		known = s.pod.ConfigMaps.ConfigMap(name)
	}
	if known == nil && how != "" {
		s.notRead(how, variable, configMapKind, name)
	}
	return known
}

// take reports whether one more setting is read of this pod.
func (s *scanner) take(setting *rules.Setting) bool {
	s.taken += len(setting.Key) + len(setting.Name) + len(setting.Value)
	if s.taken > maxTaken {
		s.left = true
	}
	return !s.left
}
