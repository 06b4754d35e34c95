package evidence

import (
	"fmt"
	"strings"
	"testing"

	"github.com/holdfast-mesh/holdfast/rules"
	"github.com/holdfast-mesh/holdfast/rules/evidence/configmaps"
)

// known are ConfigMaps by name.
type known map[string]*rules.ConfigMap

func (k known) ConfigMap(name string) *rules.ConfigMap { return k[name] }

// configMap is what is kept of one with these keys and values.
func configMap(pairs ...string) *rules.ConfigMap {
	data := map[string]string{}
	for i := 0; i < len(pairs); i += 2 {
		data[pairs[i]] = pairs[i+1]
	}
	return configmaps.Reduce(data)
}

func fromConfigMap(variable, name, key string) rules.EnvVar {
	return rules.EnvVar{Name: variable, ValueFrom: &rules.ValueFrom{ConfigMapKeyRef: rules.KeyRef{Name: name, Key: key}}}
}

func fromSecret(variable, name string) rules.EnvVar {
	return rules.EnvVar{Name: variable, ValueFrom: &rules.ValueFrom{SecretKeyRef: rules.KeyRef{Name: name, Key: "k"}}}
}

func allOf(name, prefix string) rules.EnvFrom {
	return rules.EnvFrom{Prefix: prefix, ConfigMapRef: rules.ObjectRef{Name: name}}
}

// seen lists what a pod of namespace shop with one container shows: its addresses, and
// behind "|" what was not read.
func seen(pod rules.Pod, c rules.Container) string {
	pod.Namespace.Name, c.Name = "shop", "cart"
	pod.Containers = []rules.Container{c}
	found := Scan(&pod, nil)
	var addresses, unread []string
	for i := range found.Addresses {
		addresses = append(addresses, found.Addresses[i].String())
	}
	for i := range found.Unread {
		unread = append(unread, strings.TrimPrefix(found.Unread[i].String(), "container cart, "))
	}
	return strings.Join(addresses, " ") + "|" + strings.Join(unread, ";")
}

// Variables as the kubelet makes them of ConfigMaps.
func TestVariablesFromConfigMaps(t *testing.T) {
	all := known{
		"app":   configMap("REDIS_HOST", "one", "DB_HOST", "db", "MODE", "fast"),
		"other": configMap("REDIS_HOST", "two"),
		"lower": configMap("redis.host", "three"),
		"file":  configMap("conf.yaml", "redis:\n  host: four\n", "JSON_CONFIG", "redis:\n  host: five\n"),
	}
	for _, test := range []struct {
		rule string
		c    rules.Container
		want string
	}{
		{"valueFrom", rules.Container{Env: []rules.EnvVar{fromConfigMap("CACHE_REDIS_ADDR", "app", "REDIS_HOST")}}, "one:6379|"},
		{"envFrom", rules.Container{EnvFrom: []rules.EnvFrom{allOf("other", "")}}, "two:6379|"},
		{"envFrom with a prefix", rules.Container{EnvFrom: []rules.EnvFrom{allOf("other", "APP_")}}, "two:6379|"},
		{"a later envFrom counts", rules.Container{EnvFrom: []rules.EnvFrom{allOf("app", ""), allOf("other", "")}}, "two:6379|"},
		{"prefixes part them", rules.Container{EnvFrom: []rules.EnvFrom{allOf("app", "A_"), allOf("other", "B_")}}, "one:6379 two:6379|"},
		{"the same one twice", rules.Container{EnvFrom: []rules.EnvFrom{allOf("other", ""), allOf("other", "")}}, "two:6379|"},
		{"env counts more than envFrom", rules.Container{EnvFrom: []rules.EnvFrom{allOf("other", "")}, Env: []rules.EnvVar{{Name: "REDIS_HOST", Value: "mine"}}}, "mine:6379|"},
		{"even if it is not known", rules.Container{EnvFrom: []rules.EnvFrom{allOf("other", "")}, Env: []rules.EnvVar{fromSecret("REDIS_HOST", "s")}}, "?:6379|env REDIS_HOST: valueFrom Secret shop/s"},
		{"a pair across ConfigMap and env", rules.Container{EnvFrom: []rules.EnvFrom{allOf("app", "")}, Env: []rules.EnvVar{{Name: "REDIS_HOST", Value: ""}, {Name: "DB_PORT", Value: "3306"}}}, "db:3306|"},
		{"a kind beside it", rules.Container{EnvFrom: []rules.EnvFrom{allOf("app", "")}, Env: []rules.EnvVar{{Name: "REDIS_HOST", Value: ""}, {Name: "DB_TYPE", Value: "mysql"}}}, "db:3306|"},
		{"$(VAR) sees envFrom", rules.Container{EnvFrom: []rules.EnvFrom{allOf("other", "")}, Env: []rules.EnvVar{{Name: "URL", Value: "redis://$(REDIS_HOST):7000"}}}, "two:7000 two:6379|"},
		{"and env sees what stands above it", rules.Container{Env: []rules.EnvVar{fromConfigMap("H", "app", "REDIS_HOST"), {Name: "URL", Value: "redis://$(H):7000"}}}, "one:7000|"},
		{"arguments see all", rules.Container{EnvFrom: []rules.EnvFrom{allOf("other", "")}, Args: []string{"--cache=$(REDIS_HOST):7000"}}, "two:6379 two:7000|"},
		// https://github.com/kubernetes/enhancements/tree/master/keps/sig-node/4369-allow-special-characters-environment-variable
		{"keys may have any name", rules.Container{EnvFrom: []rules.EnvFrom{allOf("lower", "")}}, "three:6379|"},
		{"a file is no variable of envFrom", rules.Container{EnvFrom: []rules.EnvFrom{allOf("file", "")}}, "five:6379|"},
		{"but of valueFrom", rules.Container{Env: []rules.EnvVar{fromConfigMap("CONFIG", "file", "conf.yaml")}}, "four:6379|"},
		{
			"a ConfigMap that is not known",
			rules.Container{EnvFrom: []rules.EnvFrom{allOf("gone", "")}, Env: []rules.EnvVar{fromConfigMap("REDIS_URL", "gone", "url")}},
			"?:6379|envFrom ConfigMap shop/gone (not found);env REDIS_URL: valueFrom ConfigMap shop/gone (not found)",
		},
		{"a key that is not there", rules.Container{Env: []rules.EnvVar{fromConfigMap("REDIS_URL", "app", "url")}}, "|"},
		{"a Secret's keys are not known", rules.Container{EnvFrom: []rules.EnvFrom{{SecretRef: rules.ObjectRef{Name: "s"}}}}, "|envFrom Secret shop/s"},
		{"the pod's own fields are known to it", rules.Container{Env: []rules.EnvVar{{Name: "REDIS_HOST", ValueFrom: &rules.ValueFrom{}}}}, "|"},
	} {
		if got := seen(rules.Pod{ConfigMaps: all}, test.c); got != test.want {
			t.Errorf("%s:\ngot  %s\nwant %s", test.rule, got, test.want)
		}
	}
}

// What a value that cannot be read is, as far as its name says.
func TestUnknownValues(t *testing.T) {
	for want, env := range map[string][]rules.EnvVar{
		"?:6379":  {fromSecret("REDIS_ADDR", "s")},
		"?:27017": {fromSecret("MONGO_URI", "s")},
		"?:3306":  {fromSecret("WORDPRESS_DB_HOST", "s")},
		"?:7000":  {fromSecret("REDIS_HOST", "s"), {Name: "REDIS_PORT", Value: "7000"}},
		"?:5432":  {fromSecret("DB_HOST", "s"), {Name: "DB_TYPE", Value: "postgres"}},
		"?:5433":  {fromSecret("DB_HOST", "s"), {Name: "DB_PORT", Value: "5433"}},
		"":        {fromSecret("DATABASE_URL", "s"), fromSecret("REDIS_PASSWORD", "s"), fromSecret("MYSQL_USER", "s"), fromSecret("MYSQL_DATABASE", "s"), fromSecret("REDIS_EXPORTER_ADDR", "s"), fromSecret("HOST", "s")},
	} {
		got, _, _ := strings.Cut(seen(rules.Pod{}, rules.Container{Env: env}), "|")
		if got != want {
			t.Errorf("%s: got %q, want %q", env[0].Name, got, want)
		}
	}
	found := Scan(&rules.Pod{Containers: []rules.Container{{Name: "c", Env: []rules.EnvVar{fromSecret("REDIS_ADDR", "s")}}}}, nil)
	if a := found.Addresses[0]; !a.Unresolved || a.Kind != "redis" || a.Form != "value-from" || a.Where() != "container c, env REDIS_ADDR (Secret s, key k)" {
		t.Errorf("got %+v at %s, want redis, unresolved, by valueFrom", a, a.Where())
	}
	if u := found.Unread; len(u) != 1 || u[0].String() != "container c, env REDIS_ADDR: valueFrom Secret s" {
		t.Errorf("got %v, want the Secret", u)
	}
}

// Files that a container is shown.
func TestFilesFromConfigMaps(t *testing.T) {
	all := known{
		"app": configMap("application.yaml", "spring:\n  redis:\n    host: one\n    port: 7000\n", "other.properties", "db.host=two\ndb.port=3306\n", "REDIS_HOST", "three", "REDIS_PORT", "7001"),
		"two": configMap("a.ini", "[redis]\nhost = four\n"),
	}
	volume := func(items ...rules.KeyToPath) []rules.Volume {
		return []rules.Volume{{Name: "v", ConfigMap: &rules.ConfigMapVolume{Name: "app", Items: items}}}
	}
	whole, file := rules.VolumeMount{Name: "v"}, rules.VolumeMount{Name: "v", SubPath: "x/a.yaml"}
	for _, test := range []struct {
		rule    string
		volumes []rules.Volume
		mount   rules.VolumeMount
		want    string
	}{
		{"all keys, each a file", volume(), whole, "one:7000 two:3306 three:7001|"},
		{"nothing that no container mounts", volume(), rules.VolumeMount{Name: "w"}, "|"},
		{"one key by subPath", volume(), rules.VolumeMount{Name: "v", SubPath: "other.properties"}, "two:3306|"},
		{"the items", volume(rules.KeyToPath{Key: "other.properties", Path: "x"}), whole, "two:3306|"},
		{"an item by its path", volume(rules.KeyToPath{Key: "application.yaml", Path: "x/a.yaml"}, rules.KeyToPath{Key: "other.properties", Path: "y"}), file, "one:7000|"},
		{"items by their folder", volume(rules.KeyToPath{Key: "application.yaml", Path: "x/a.yaml"}), rules.VolumeMount{Name: "v", SubPath: "x"}, "one:7000|"},
		{"a key has no folder's path", volume(), file, "|"},
		{"projected", []rules.Volume{{Name: "v", Projected: &rules.Projected{Sources: []rules.ProjectedSource{
			{},
			{ConfigMap: &rules.ConfigMapVolume{Name: "two"}},
			{ConfigMap: &rules.ConfigMapVolume{Name: "kube-root-ca.crt"}},
			{ConfigMap: &rules.ConfigMapVolume{Name: "gone"}},
		}}}}, whole, "four:6379|volume v: ConfigMap shop/gone (not found)"},
	} {
		if got := seen(rules.Pod{ConfigMaps: all, Volumes: test.volumes}, rules.Container{VolumeMounts: []rules.VolumeMount{test.mount}}); got != test.want {
			t.Errorf("%s:\ngot  %s\nwant %s", test.rule, got, test.want)
		}
	}
	pod := rules.Pod{ConfigMaps: all, Volumes: volume(), Containers: []rules.Container{{Name: "c", VolumeMounts: []rules.VolumeMount{whole}}}}
	found := Scan(&pod, nil)
	if got, want := found.Addresses[0].Where(), "container c, file application.yaml of ConfigMap app, spring.redis.host"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// Nobody reads ConfigMaps: they count as not read, which is not that they are missing.
func TestConfigMapsNotRead(t *testing.T) {
	c := rules.Container{EnvFrom: []rules.EnvFrom{allOf("app", "")}, VolumeMounts: []rules.VolumeMount{{Name: "v"}}}
	got := seen(rules.Pod{Volumes: []rules.Volume{{Name: "v", ConfigMap: &rules.ConfigMapVolume{Name: "conf"}}}}, c)
	if want := "|envFrom ConfigMap shop/app;volume v: ConfigMap shop/conf"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// A pod that names large ConfigMaps very often has a bound, and is said to have more.
func TestTakenIsBounded(t *testing.T) {
	var pairs []string
	for i := range 300 {
		pairs = append(pairs, fmt.Sprintf("SERVICE_%d_HOST", i), fmt.Sprintf("host-%d.example.com", i))
	}
	large := configMap(pairs...)
	var c rules.Container
	for i := range 2000 {
		c.EnvFrom = append(c.EnvFrom, allOf("large", fmt.Sprintf("P%d_", i)))
		c.Env = append(c.Env, fromConfigMap(fmt.Sprintf("V%d", i), "large", "SERVICE_1_HOST"))
		c.VolumeMounts = append(c.VolumeMounts, rules.VolumeMount{Name: "v"})
	}
	pod := rules.Pod{ConfigMaps: known{"large": large}, Containers: []rules.Container{c}, Volumes: []rules.Volume{{Name: "v", ConfigMap: &rules.ConfigMapVolume{Name: "large"}}}}
	s := &scanner{pod: &pod, container: &c}
	if env := s.resolve(&c).Env; !s.left || len(env) > maxTaken/len("SERVICE_1_HOST") || large.Size() > 20<<10 {
		t.Errorf("got %d variables of ConfigMaps of %d bytes, cut %v, want a bound", len(env), large.Size(), s.left)
	}
	if found := Scan(&pod, nil); !found.Cut || len(found.Unread) != 0 {
		t.Errorf("got cut %v, %d unread, want it cut", found.Cut, len(found.Unread))
	}
	secrets := rules.Container{Name: "c"}
	for i := range 100 {
		secrets.Env = append(secrets.Env, fromSecret("X", fmt.Sprint(i)))
	}
	if found := Scan(&rules.Pod{Containers: []rules.Container{secrets}}, nil); len(found.Unread) != maxUnread || found.Unlisted != 100-maxUnread {
		t.Errorf("got %d unread and %d more, want %d and %d", len(found.Unread), found.Unlisted, maxUnread, 100-maxUnread)
	}
}
