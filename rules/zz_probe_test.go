package rules
import ("testing";"fmt";"strings";"bytes"; yaml "go.yaml.in/yaml/v4")
func probeText() []byte {
	var b strings.Builder
	b.WriteString("apiVersion: holdfast.dev/v1alpha1\nkind: Rules\nrules:\n")
	for i := 0; i < 10000; i++ {
		fmt.Fprintf(&b, "- name: rule-%d\n  destinations: {ports: [%d], cidrs: [10.%d.%d.0/24]}\n  workloads: {namespaces: [team-%d]}\n  strategy: {idleTimeout: 48h}\n", i, 1000+i, i/256, i%256, i%500)
	}
	return []byte(b.String())
}
func BenchmarkProbe(b *testing.B) {
	data := probeText()
	b.SetBytes(int64(len(data)))
	b.Run("load", func(b *testing.B){ b.ReportAllocs(); for b.Loop() { var n yaml.Node; if err := yaml.Load(data, &n); err != nil { b.Fatal(err) } } })
	b.Run("loader", func(b *testing.B){ b.ReportAllocs(); for b.Loop() { var n yaml.Node; l,_ := yaml.NewLoader(bytes.NewReader(data)); if err := l.Load(&n); err != nil { b.Fatal(err) } } })
}
func TestProbe(t *testing.T) {
	for _, s := range []string{"a: [1,\n", "\ta: 1\n", "a: 1\n---\nb: 2\n", "", "# x\n", "a: &x [*x]\n", "a: *nope\n", "a: 1\na: 2\n", "\xef\xbb\xbfa: 1\n", "a: \xff\n", "é: [ü, x y: z: 1]\n", "a: b: c\n", "a: 1\r\nb: 2\r\n", "x: \"\\q\"", "%YAML 3.0\n---\na: 1", "a: \x00", "? [a]\n: b\n", "a: 'é' # x\nb: [é, c]", "\n\n  a: 1\n b: 2\n", "<<: {a: 1}\nb: *y", "a: !!binary ___", "a: !!int xx","a: !!foo 1\n"} {
		l, _ := yaml.NewLoader(bytes.NewReader([]byte(s)))
		for i := 0; i < 3; i++ {
		var n yaml.Node
		err := l.Load(&n)
		fmt.Printf("%q: %d %T %v", s, i, err, err)
		if le, ok := err.(*yaml.LoadError); ok { fmt.Printf(" mark %+v ctx %+v %q msg=%q", le.Mark, le.ContextMark, le.ContextMsg, le.Message) }
		if n.Kind != 0 { fmt.Printf(" kind %d %d:%d", n.Kind, n.Line, n.Column); for _, c := range n.Content { fmt.Printf(" [%v %d:%d]", c.ShortTag(), c.Line, c.Column); for _, d := range c.Content { fmt.Printf(" (%v %q %d:%d)", d.ShortTag(), d.Value, d.Line, d.Column) } } }
		fmt.Println()
		if err != nil { break }
		}
	}
}
