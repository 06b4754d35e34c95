package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/holdfast-mesh/holdfast/doctor"
)

// What was found stands under its check, lines of foreign texts under each other; what
// was not seen is not hidden. Colour is added, never words.
func TestPrintDiagnosis(t *testing.T) {
	order := doctor.Result{Check: doctor.Order, Seen: "holdfast before istio"}
	order.Add(doctor.OrderWrong, "MutatingWebhookConfiguration holdfast", "two\nlines", "rename it")
	order.Add(doctor.NoInjector, "", "none", "install Istio")
	unseen := doctor.Result{Check: doctor.Certificates, NotChecked: []string{"forbidden to get secrets"}}
	fine := doctor.Result{Check: doctor.Gateways, Seen: "1 entry"}
	report := &doctor.Report{Server: "https://c", Namespace: "ns", Checks: []doctor.Result{order, unseen, fine}}
	for i := range report.Checks {
		report.Checks[i].Close()
	}
	const want = `holdfast in namespace ns of https://c

PROBLEM      order         holdfast before istio
    OrderWrong: MutatingWebhookConfiguration holdfast
      found: two
             lines
      why:   The injector builds the sidecar from annotations that are not there yet.
      fix:   rename it
    NoInjector
      found: none
      why:   Without a sidecar the annotations have no effect; in ambient mode holdfast reaches gateways and waypoints only.
      fix:   install Istio
not checked  certificates
    not checked: forbidden to get secrets
ok           gateways      1 entry

1 problem, 1 warning, 1 thing not checked
`
	var plain, coloured bytes.Buffer
	if err := printDiagnosis(&plain, report, false); err != nil || plain.String() != want {
		t.Errorf("got %v\n%s\nwant\n%s", err, plain.String(), want)
	}
	if err := printDiagnosis(&coloured, report, true); err != nil {
		t.Fatal(err)
	}
	const red = "\x1b[31m"
	if !strings.Contains(coloured.String(), red+"PROBLEM") || !strings.Contains(coloured.String(), red+"OrderWrong") {
		t.Errorf("got %q, want problems in red", coloured.String())
	}
	text := coloured.String()
	for _, code := range []string{"\x1b[31m", "\x1b[32m", "\x1b[33m", "\x1b[36m", "\x1b[0m"} {
		text = strings.ReplaceAll(text, code, "")
	}
	if text != want {
		t.Errorf("without its colours: got\n%s", text)
	}
}
