package settings

import (
	"fmt"
	"strings"
	"testing"
)

// read lists the settings of a file as "name=value".
func read(file, text string) []string {
	var list []string
	Read(file, text, func(name, value string) bool {
		list = append(list, name+"="+value)
		return true
	})
	return list
}

// Formats, as applications have them.
func TestRead(t *testing.T) {
	for _, test := range []struct{ rule, file, text, want string }{
		{"YAML: keys in keys", "application.yaml", "spring:\n  # the cache\n  redis:\n    host: cache # in the cluster\n    port: 6379\nname: shop\n", "spring.redis.host=cache|spring.redis.port=6379|name=shop"},
		{"YAML: lists", "kibana.yml", "elasticsearch:\n  hosts:\n    - http://es-0:9200\n    - \"es-1:9200\"\n", "elasticsearch.hosts=http://es-0:9200|elasticsearch.hosts=es-1:9200"},
		{"YAML: lists of mappings", "a.yml", "dbs:\n- host: a\n  port: 1\n- host: b\n  port: 2\n", "dbs.host=a|dbs.port=1|dbs.host=b|dbs.port=2"},
		{"YAML: flow", "a.yaml", "redis: {host: cache, port: 6379}\nhosts: [a, \"b\"]\n", "redis.host=cache|redis.port=6379|hosts=a|hosts=b"},
		{"YAML: flow over lines", "a.yaml", "hosts: [\n  a,\n  b\n]\nname: c\n", "hosts=a|hosts=b|name=c"},
		{"YAML: a text in a text", "a.yaml", "config: |\n  db:\n    host: a\nname: c\n", "config.db.host=a|name=c"},
		{"YAML: documents, anchors, tags", "a.yaml", "---\nbase: &base\n  host: a\nport: !!int 1\n", "base.host=a|port=1"},
		{"properties", "application.properties", "# c\n! c\nspring.redis.host=cache\nspring.redis.port = 6379\nkey:value\n", "spring.redis.host=cache|spring.redis.port=6379|key=value"},
		{"ini", "grafana.ini", "; c\n[database]\ntype = mysql\nhost = db:3306\n[server]\ndomain = x\n", "database.type=mysql|database.host=db:3306|server.domain=x"},
		{"TOML", "config.toml", "[[outputs.kafka]]\nbrokers = [\"a:9092\", 'b:9092']\nhosts = [\n  \"c\",\n]\n[redis]\naddr = \"cache:6379\"\n", "outputs.kafka.brokers=a:9092|outputs.kafka.brokers=b:9092|outputs.kafka.hosts=c|redis.addr=cache:6379"},
		{"env", ".env", "export DB_HOST=db\nDB_URL='redis://x'\n", "DB_HOST=db|DB_URL=redis://x"},
		{"JSON", "appsettings.json", "{\n \"Redis\": {\"Host\": \"cache\", \"Port\": 6379},\n \"List\": [\"a\", {\"b\": \"c\\/d\"}]\n}", "Redis.Host=cache|Redis.Port=6379|List=a|List.b=c/d"},
		{"JSON without an ending", "config", `{"a":{"b":"c"}}`, "a.b=c"},
		{"blanks part, where they do", "fluent-bit.conf", "[OUTPUT]\n    Name  es\n    Host  search\n    Port  9200\n", "OUTPUT.Name=es|OUTPUT.Host=search|OUTPUT.Port=9200"},
		{"fluentd", "fluent.conf", "<match **>\n  host search\n  port 9200\n</match>\n", "match.host=search|match.port=9200"},
		{"an IPv6 address is no list", "a.yaml", "addr: [::1]:6379\n", "addr=[::1]:6379"},
		{"templates stay as they are", "a.yaml", "{{- if .Values.x }}\nhost: {{ .Values.host }}\n{{- end }}\n", "host={{ .Values.host }}"},
		{"of a script the URLs", "run.sh", "HOST=cache\nredis-cli -u redis://cache:6379 ping\n", "=redis://cache:6379"},
		{"of what says that it is one, too", "run", "#!/bin/sh\nA=mysql://db/shop\n", "=mysql://db/shop"},
		{"XML", "hibernate.xml", "<p>\n<property name=\"url\">jdbc:mysql://db/shop</property>\n", "=jdbc:mysql://db/shop"},
		{"a certificate", "ca", "-----BEGIN CERTIFICATE-----\nhost: a\n", ""},
		{"a dump", "init.sql", "host: a\n", ""},
		{"a page of graphs", "redis.json", `{"panels":[{"host":"redis"}]}`, ""},
		{"long values are no addresses", "a.yaml", "a: " + strings.Repeat("x", maxValue+1) + "\nb: c\n", "b=c"},
		{"windows", "a.properties", "a=b\r\nc=d\r\n", "a=b|c=d"},
	} {
		if got := strings.Join(read(test.file, test.text), "|"); got != test.want {
			t.Errorf("%s:\ngot  %s\nwant %s", test.rule, got, test.want)
		}
	}
}

// Who has enough is asked no more.
func TestReadEnds(t *testing.T) {
	for file, text := range map[string]string{"a.yaml": "a: 1\nb: 2\n", "a.json": `{"a":1,"b":2}`, "a.sh": "redis://a redis://b"} {
		n := 0
		Read(file, text, func(string, string) bool { n++; return false })
		if n != 1 {
			t.Errorf("%s: got %d settings after the first was enough, want 1", file, n)
		}
	}
}

// Whatever a file holds: no panic, and no more than a setting for each two bytes, which
// bounds what is done.
func FuzzRead(f *testing.F) {
	for _, file := range []string{"a.yaml", "a.json", "a.conf", "a.sh", "a"} {
		f.Add(file, "a:\n - b: [c, {d: e}]\n   f: |\n     g=h\n[i]\n\"j\": 'k' # l\n<m n>\no p\n\\\"{{[")
	}
	f.Fuzz(func(t *testing.T, file, text string) {
		n := 0
		Read(file, text, func(name, value string) bool {
			if n++; value == "" || len(value) > maxValue || len(name) > 2*maxName {
				t.Errorf("got %q = %q", name, value)
			}
			return true
		})
		if n > len(text)/2+1 {
			t.Errorf("got %d settings of %d bytes", n, len(text))
		}
	})
}

// Deep and unclosed texts take no more than others: counted in settings that are read.
func TestHostile(t *testing.T) {
	for _, unit := range []string{"[", "{a:", "a:\n ", "- ", "\"", "a: [", "a: {b: ", "://", "[[a]]\n"} {
		text := strings.Repeat(unit, 1<<20/len(unit))
		for _, file := range []string{"a.yaml", "a.json", "a.conf", "a.sh"} {
			n := 0
			Read(file, text, func(string, string) bool { n++; return true })
			if n > len(text) {
				t.Errorf("%s of %q: got %d settings", file, unit, n)
			}
		}
	}
	// Names that nest grow no longer than a name may be.
	var deep strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&deep, "%*sk%d:\n", i, "", i)
	}
	if got := read("a.yaml", deep.String()+strings.Repeat(" ", 1000)+"host: a\n"); len(got) != 1 || len(got[0]) > 2*maxName {
		t.Errorf("got %.300q, want one setting of a bounded name", got)
	}
}
