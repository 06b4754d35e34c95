package evidence

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/holdfast-mesh/holdfast/rules"
	"github.com/holdfast-mesh/holdfast/rules/evidence/texts"
)

// Whatever characters a user and a password are made of, escaped or not, no
// evidence names any host but the real one. (Where an "@" follows, even that
// one is hidden.)
func TestNoCredentialsInEvidence(t *testing.T) {
	const host = "real.example.com"
	forms := []struct {
		name  string
		value func(user, password string) string
	}{
		{"escaped URL", func(u, p string) string {
			return "redis://" + url.UserPassword(u, p).String() + "@" + host + ":6379/0"
		}},
		{"raw URL", func(u, p string) string { return "redis://" + u + ":" + p + "@" + host + ":6379/0" }},
		{"raw URL without a port", func(u, p string) string { return "mysql://" + u + ":" + p + "@" + host + "/db" }},
		{"raw URL of a scheme that nobody knows", func(u, p string) string { return "x://" + u + ":" + p + "@" + host + ":6379" }},
		{"password alone", func(_, p string) string { return "redis://:" + p + "@" + host + ":6379" }},
		{"no scheme", func(u, p string) string { return u + ":" + p + "@" + host + ":6379" }},
		{"Go's MySQL form", func(u, p string) string { return u + ":" + p + "@tcp(" + host + ":3306)/db" }},
		{"Go's MySQL form without a port", func(u, p string) string { return u + ":" + p + "@tcp(" + host + ")/db" }},
		{"two hosts", func(u, p string) string {
			return "mongodb://" + u + ":" + p + "@" + host + ":27017," + host + ":27018/db"
		}},
		{"JDBC", func(u, p string) string { return "jdbc:oracle:thin:" + u + "/" + p + "@" + host + ":1521:sid" }},
	}
	rapid.Check(t, func(t *rapid.T) {
		form := rapid.SampledFrom(forms).Draw(t, "form")
		user := rapid.StringMatching(`[a-z0-9._-]{1,8}`).Draw(t, "user")
		password := rapid.StringMatching(`[a-c0-3:/@?#;,=&%$!*()\[\]{}<>'"\\| .-]{1,16}`).Draw(t, "password")
		value := form.value(user, password)
		for _, pod := range []*rules.Pod{
			envPod("VALUE", value),
			{Containers: []rules.Container{{Name: "c", Args: []string{"--url", value, "--url=" + value}}}},
		} {
			for _, text := range addressesOf(pod) {
				if !strings.HasPrefix(text, host+":") && !strings.HasPrefix(text, "***:") {
					t.Fatalf("%s: %s: got evidence %q, want none but of %s", form.name, value, text, host)
				}
			}
		}
	})
}

// Of a secret among the options of a list of hosts, as StackExchange.Redis has them,
// no piece is shown, whatever characters it is made of but those that end options
// everywhere; and the hosts before it are.
func TestSecretsBesideHosts(t *testing.T) {
	const host = "real.example.com:6379"
	rapid.Check(t, func(t *rapid.T) {
		key := rapid.SampledFrom([]string{"password=", "Password=", "pwd=", "sslToken=", "auth=", "secretKey=", "password:", "sslPwd:"}).Draw(t, "key")
		secret := rapid.StringMatching(`[a-cX0-3:/=,.-]{1,24}`).Draw(t, "secret")
		between := rapid.SampledFrom([]string{",", ",ssl=true,", ",other.example.com:6380,", ",user=u,"}).Draw(t, "between")
		after := rapid.SampledFrom([]string{"", ",ssl=true", ",x=y"}).Draw(t, "after")
		scheme := rapid.SampledFrom([]string{"", "redis://", "tcp://", "x://"}).Draw(t, "scheme")
		value := scheme + host + between + key + secret + after
		for _, pod := range []*rules.Pod{
			envPod("CONNECTION", value), envPod("REDIS_URL", value), envPod("REDIS_HOST", value, "REDIS_PORT", "6379"),
			{Containers: []rules.Container{{Name: "c", Args: []string{"--redis", value, "--redis-host=" + value}}}},
		} {
			got := addressesOf(pod)
			for _, text := range got {
				if text != host && text != "other.example.com:6380" && !strings.HasPrefix(text, "***:") {
					t.Fatalf("%s: got evidence %q, want none but of the hosts", value, text)
				}
			}
			if scheme == "" && !slices.Contains(got, host) {
				t.Fatalf("%s: got evidence %q, want %s too", value, got, host)
			}
		}
	})
}

// What a secret's variable, flag or key holds is never read.
func TestSecretsAreNotRead(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.SampledFrom([]string{"PASSWORD", "redis_password", "dbPassword", "API_TOKEN", "SECRET", "ACCESS_KEY", "REDIS_AUTH", "PGPASS", "CREDENTIALS"}).Draw(t, "name")
		secret := rapid.StringMatching(`[a-c]{1,4}(:[1-9]{1,4}|://[a-c]{1,4}:[1-9]{1,3})`).Draw(t, "secret")
		form := rapid.SampledFrom([]func() *rules.Pod{
			func() *rules.Pod { return envPod(name, secret) },
			func() *rules.Pod { return envPod("OPTIONS", "user=x "+name+"="+secret) },
			func() *rules.Pod { return envPod("OPTIONS", "user=x;"+name+"="+secret) },
			func() *rules.Pod { return envPod("OPTIONS", "--"+name+" "+secret) },
			func() *rules.Pod { return envPod("OPTIONS", `{"`+name+`": "`+secret+`"}`) },
			func() *rules.Pod { return envPod("OPTIONS", name+": "+secret) },
			func() *rules.Pod {
				return &rules.Pod{Containers: []rules.Container{{Args: []string{"--" + name, secret}}}}
			},
			func() *rules.Pod {
				return &rules.Pod{Containers: []rules.Container{{Args: []string{"--" + name + "=" + secret}}}}
			},
		}).Draw(t, "form")
		pod := form()
		if got := addressesOf(pod); len(got) > 0 {
			t.Fatalf("%+v: got evidence %q of a secret", pod.Containers, got)
		}
	})
}

// Huge and hostile texts: the number of addresses and the work per address are
// bounded. (Were any of it quadratic, this would run for minutes.)
func TestHugeTexts(t *testing.T) {
	const size = 1 << 18
	for _, unit := range []string{
		":", "::", "a:1,", "a:1:", "://", "a://", "a://b,", "@", "a@b:1", "@tcp(", "$(A)", "$(", "$$(A)", "[", "]:1", "[::1]:1,", "a=", "host=a ",
		"HOST=a;", "password=", "x", "a.", "a-:", "password=a,b:1,", "password: ", "1:1 ", "a\\", "redis://u:p@",
		"${", "${A}:", "$A:1 ", "{{", "{{a}}:1 ", "redis://${A}", "/dev/tcp/", "</dev/tcp/a/1", "dnssrv+", "dnssrv+redis ", "nc ", "nc a 1;", "mysql -h a;",
		"{\"a\":", "{\"host\":\"a\",", "host: a\n", "type: mysql\nhost: a\n", "0:a:1,", "redis_", "Redis", "MySQL", "a:b:1,",
	} {
		pod := envPod("A", "a", "VALUE", strings.Repeat(unit, size/len(unit)), "X_HOST", strings.Repeat(unit, size/len(unit)))
		pod.Containers[0].Args = []string{strings.Repeat(unit, size/len(unit)), "--x=" + strings.Repeat(unit, size/len(unit))}
		if got := addressesOf(pod); len(got) > maxAddresses {
			t.Errorf("%q repeated: got %d addresses, want at most %d", unit, len(got), maxAddresses)
		}
	}
}

// Variables that double each other do not grow without end.
func TestExpansionIsBounded(t *testing.T) {
	var pairs []string
	pairs = append(pairs, "V0", "cache:6379,")
	for i := range 60 {
		name := func(i int) string { return "V" + string(rune('A'+i%26)) + strings.Repeat("x", i/26) }
		previous := "V0"
		if i > 0 {
			previous = name(i - 1)
		}
		pairs = append(pairs, name(i), "$("+previous+")$("+previous+")")
	}
	var x expansion
	x.begin(envPod(pairs...).Containers[0].Env)
	for i := range x.env {
		if got := len(x.replace(i)); got > maxExpanded {
			t.Fatalf("got %d bytes for %s, want at most %d", got, x.env[i].Name, maxExpanded)
		}
	}
}

// Many variables that ask for each other's ports cost a bounded search.
func TestManyPairs(t *testing.T) {
	pod := &rules.Pod{Containers: []rules.Container{{Name: "c"}}}
	for range 50_000 {
		pod.Containers[0].Env = append(pod.Containers[0].Env, rules.EnvVar{Name: "DB_HOST", Value: "db"})
	}
	pod.Containers[0].Env = append(pod.Containers[0].Env, rules.EnvVar{Name: "DB_PORT", Value: "3306"})
	if got := addressesOf(pod); len(got) != 1 || got[0] != "db:3306" {
		t.Errorf("got %q, want db:3306", got)
	}
	// As many that say which middleware it is, and that switch it off.
	hostile := &rules.Pod{Containers: []rules.Container{{Name: "c"}}}
	for i := range 50_000 {
		hostile.Containers[0].Env = append(hostile.Containers[0].Env, rules.EnvVar{Name: "DB_HOST", Value: "db"},
			rules.EnvVar{Name: fmt.Sprintf("X%d_TYPE", i), Value: "mysql"}, rules.EnvVar{Name: fmt.Sprintf("X%d_ENABLED", i), Value: "false"})
	}
	if got := addressesOf(hostile); len(got) != 0 {
		t.Errorf("got %q, want nothing", got)
	}
	pod.Containers[0].Env = pod.Containers[0].Env[:texts.MaxSearches]
	if Scan(pod, nil).Cut {
		t.Errorf("%d hosts: got more than is read, want all of them searched", texts.MaxSearches)
	}
	pod.Containers[0].Env = append(pod.Containers[0].Env, rules.EnvVar{Name: "DB_HOST", Value: "db"})
	if !Scan(pod, nil).Cut {
		t.Errorf("one host more: got all of them searched, want it said that there is more")
	}
}

func FuzzScan(f *testing.F) {
	for _, seed := range []string{
		"redis://:p%40ss@cache:6379/0", "user:pw@tcp(db:3306)/x", "host=db port=5432", "Server=tcp:db,1433;Password=x:1",
		"jdbc:oracle:thin:@//ora:1521/x", "[2001:db8::1]:6379", "a:1,b:2;c:3", "$(A):1", "$$(A)", `{"password":"x:12"}`, "mongodb+srv://u:p@c/db",
		"Server=db;Database=x;User Id=sa", "mysql -h db -P 1", "nc -z db 1", "${DB_HOST:-db}:${PORT:-1}", "redis://$(HOST):1", `{"type":"mysql","host":"db"}`,
		"type: redis\nhost: a\n", "dnssrv+_a._tcp.redis", "0:a:1,1:b:2", "exec 3<>/dev/tcp/db/1",
	} {
		f.Add("REDIS_HOST", seed, seed)
	}
	f.Add("", "0", "0")
	f.Fuzz(func(t *testing.T, name, value, arg string) {
		pod := &rules.Pod{Containers: []rules.Container{{
			Name: "c", Command: []string{arg, value}, Args: []string{"--" + name, value},
			Env: []rules.EnvVar{{Name: "A", Value: "a"}, {Name: name, Value: value}, {Name: "X_PORT", Value: "1"}, {Name: "DB_TYPE", Value: value}, {Name: "DB_HOST", Value: arg}},
		}}}
		for _, text := range addressesOf(pod) {
			if strings.ContainsAny(text, "@ \n\"'/") || text == "" {
				t.Fatalf("got evidence %q, want host:port", text)
			}
		}
	})
}
