package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// planted stands in every secret of these tests.
const planted = "hunter2"

// secretTexts are secrets that may be taken for something else.
var secretTexts = []string{planted, planted + ":6379", "a," + planted + ":6379", "p/" + planted + ":6379", "p@" + planted, planted + ".example.com:3306"}

// secretForms are the forms in which people write a secret beside an address; %s is the
// secret. What stands before the first "|" is the name of a variable, or "args".
var secretForms = []string{
	"REDIS_URL|redis://:%s@cache:6379/0",
	"DATABASE_URL|postgresql+psycopg2://shop:%s@db/shop",
	"MONGO_URI|mongodb://shop:%s@m1,m2:27018/shop?authSource=admin",
	"JDBC_URL|jdbc:mysql://db:3306/shop?user=shop&password=%s",
	"JDBC_LONG|jdbc:mysql://address=(host=db)(port=3306)(user=shop)(password=%s)/shop",
	"JDBC_SQLSERVER|jdbc:sqlserver://db:1433;user=sa;password=%s;databaseName=shop",
	"ConnectionStrings__Shop|Server=sql;Database=shop;User Id=sa;Password=%s",
	"ConnectionStrings__Npgsql|Host=db;Database=shop;Username=shop;Password=%s;Port=5432",
	"ConnectionStrings__Redis|cache:6380,password=%s,ssl=True",
	"DSN|shop:%s@tcp(db:3306)/shop?parseTime=true",
	"PG_DSN|host=db port=5432 user=shop password=%s dbname=shop",
	"PG_DSN_LATE|host=db port=5432 user=shop dbname=shop password=%s",
	"PDO_DSN|mysql:host=db;dbname=shop;password=%s",
	"SETTINGS|{\"host\":\"db\",\"port\":\"3306\",\"password\":\"%s\"}",
	"SETTINGS_YAML|redis:\n  host: cache\n  port: 6379\n  password: %s\n",
	"JAVA_OPTS|-Dredis.host=cache -Dredis.password=%s -Dredis.port=6379",
	"KAFKA_SASL_JAAS_CONFIG|org.apache.kafka.common.security.plain.PlainLoginModule required username=\"app\" password=\"%s\";",
	"DB_PASSWORD|%s",
	"DB_PASSWORD_OLD|%s",
	"REDIS_AUTH|%s",
	"API_TOKEN|%s",
	"AWS_SECRET_ACCESS_KEY|%s",
	"args|--redis-url=redis://:%s@cache:6379",
	"args|--db-host=db --db-port=3306 --db-password=%s",
	"args|mysql -h db -P 3306 --password=%s",
	"args|redis-cli -h cache -p 6379 -a %s ping",
	"args|curl -u admin:%s http://search:9200",
	"args|PGPASSWORD=%s psql -h db -p 5432",
}

// secretFiles are files of a ConfigMap that is mounted.
var secretFiles = map[string]string{
	"application.yaml":       "spring:\n  datasource:\n    url: jdbc:mysql://db:3306/shop\n    password: %s\n  data:\n    redis:\n      url: redis://:%[1]s@cache:6379\n",
	"application.properties": "spring.datasource.url=jdbc:mysql://db:3306/shop\nspring.datasource.password=%s\n",
	"app.ini":                "[database]\nHOST = db:3306\nPASSWD = %s\n",
	"config.json":            "{\"redis\": {\"host\": \"cache\", \"port\": 6379, \"auth\": \"%s\"}}",
	"config.toml":            "[mysql]\nservers = [\"shop:%s@tcp(db:3306)/\"]\n",
	"app.env":                "REDIS_HOST=cache\nREDIS_PASSWORD=%s\n",
}

// secretManifest is a pod that holds a secret in every form, and its ConfigMaps.
func secretManifest(secret string) string {
	var env, args, data, files strings.Builder
	for i, form := range secretForms {
		name, text, _ := strings.Cut(form, "|")
		text = fmt.Sprintf(text, secret)
		if name == "args" {
			fmt.Fprintf(&args, "    - %q\n", text)
			for _, word := range strings.Fields(text) { // the same as a list
				fmt.Fprintf(&args, "    - %q\n", word)
			}
			continue
		}
		fmt.Fprintf(&env, "    - {name: %s, value: %q}\n", name, text)
		if text != secret {
			fmt.Fprintf(&env, "    - {name: PLAIN_%d, value: %q}\n", i, text) // a name that says nothing
		}
		fmt.Fprintf(&data, "  CM_%s: %q\n", name, text)
	}
	for name, text := range secretFiles {
		fmt.Fprintf(&files, "  %s: %q\n", name, fmt.Sprintf(text, secret))
	}
	return "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: variables, namespace: shop}\ndata:\n" + data.String() +
		"---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: files, namespace: shop}\ndata:\n" + files.String() +
		"---\napiVersion: v1\nkind: Pod\nmetadata: {name: cart, namespace: shop}\nspec:\n  containers:\n  - name: cart\n    args:\n" + args.String() +
		"    env:\n" + env.String() +
		"    - {name: FROM_KEY, valueFrom: {configMapKeyRef: {name: variables, key: CM_DB_PASSWORD}}}\n" +
		"    envFrom:\n    - {configMapRef: {name: variables}}\n    - {prefix: X_, secretRef: {name: credentials}}\n" +
		"    volumeMounts: [{name: files, mountPath: /config}]\n  volumes: [{name: files, configMap: {name: files}}]\n"
}

// No secret that stands in a manifest comes out of a command, but in the manifest itself,
// which patch prints as it was.
func TestNoSecretInAnyOutput(t *testing.T) {
	const rules = "../../rules/evidence/corpus/rules.yaml"
	input := filepath.Join(t.TempDir(), "cart.yaml")
	for _, secret := range secretTexts {
		t.Run(strings.ReplaceAll(secret, "/", "|"), func(t *testing.T) {
			manifest := secretManifest(secret)
			if err := os.WriteFile(input, []byte(manifest), 0o600); err != nil {
				t.Fatal(err)
			}
			for _, args := range [][]string{
				{"explain", "-f", rules, input},
				{"explain", "-f", rules, "-o", "json", input},
				{"patch", "-f", rules, input},
				{"patch", "-f", rules, "-o", "json", input},
				{"patch", "-f", rules, "-o", "diff", input},
				{"patch", "-f", rules, "-o", "jsonpatch", input},
				// A manifest where rules belong.
				{"check", input},
				{"check", "-o", "json", input},
				{"explain", "-f", input, input},
			} {
				stdout, stderr, _ := runCLI(t, args...)
				switch {
				case !slices.Contains(args, rules):
				case args[0] == "explain":
					for _, want := range []string{"cache:6379", "db:3306"} { // else it proves nothing
						if !strings.Contains(stdout, want) {
							t.Errorf("%q: %s was not found: %s", args, want, stderr)
						}
					}
				case args[0] == "patch":
					if !strings.Contains(stdout, "holdfast.dev/applied") {
						t.Errorf("%q: nothing was patched: %s", args, stderr)
					}
					stdout = added(t, stdout, manifest)
				}
				for line := range strings.SplitSeq(stdout+"\n"+stderr, "\n") {
					if strings.Contains(line, planted) {
						t.Errorf("%q: a secret in %q", args, line)
					}
				}
			}
		})
	}
}

// added is what an output has that the manifest has not: its own lines, and the
// annotations of its pods where it is the whole manifest as JSON.
func added(t *testing.T, output, manifest string) string {
	t.Helper()
	if strings.HasPrefix(output, "{") {
		return fmt.Sprint(annotationsOf(podsOf(t, "patched", []byte(output))))
	}
	known := map[string]bool{}
	for line := range strings.SplitSeq(manifest, "\n") {
		known[line], known[" "+line] = true, true // as in the context of a difference
	}
	var own []string
	for line := range strings.SplitSeq(output, "\n") {
		if !known[line] {
			own = append(own, line)
		}
	}
	return strings.Join(own, "\n")
}
