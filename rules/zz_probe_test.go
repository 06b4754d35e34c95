package rules
import ("testing";"fmt";"os")
func TestProbe(t *testing.T) {
	data, err := os.ReadFile(os.Getenv("PROBE")); if err != nil { t.Skip() }
	f, ps := Load("rules.yaml", data)
	for _, p := range ps { fmt.Println(p) }
	fmt.Printf("%+v\n", f)
}
