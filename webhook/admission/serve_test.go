package admission

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/holdfast-mesh/holdfast/rules"

	"github.com/go-logr/logr/funcr"
)

// stubReviewer is a RulesHandler that decides as a test wants.
type stubReviewer struct {
	RulesHandler
	decided func() (response, error)
}

func (s *stubReviewer) decide(context.Context, *request[configMapObject]) (response, error) {
	return s.decided()
}

func (s *stubReviewer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	serve(w, r, s.Metrics, expectRules, s)
}

// A defect of any kind, on the way of any handler, admits, with the uid of the
// review, and is counted and logged once.
func TestDefectAdmits(t *testing.T) {
	for name, decide := range map[string]func() (response, error){
		"a panic":                        func() (response, error) { panic("the defect") },
		"an error":                       func() (response, error) { return response{}, errors.New("the defect") },
		"an answer that is no UTF-8":     func() (response, error) { return response{Warnings: []string{"\xff"}}, nil },
		"a panic with what has no order": func() (response, error) { panic([]string{"the defect"}) },
	} {
		t.Run(name, func(t *testing.T) {
			var log strings.Builder
			h := &stubReviewer{*newRulesHandler(), func() (response, error) {
				decided, err := decide()
				decided.record = func() { t.Error("recorded what was not answered") }
				return decided, err
			}}
			h.Log = funcr.New(func(_, args string) { log.WriteString(args + "\n") }, funcr.Options{})
			got := responseOf(t, post(h, configMapReview(t, "r", nil, nil)))
			if !got.Allowed || got.UID != "u-2" || len(got.Warnings) != 1 || !strings.Contains(got.Warnings[0], "internal error, these rules were not checked") {
				t.Errorf("got %+v, want allowed with the uid and a warning", got)
			}
			if n := value(t, h.Metrics.panics); n != 1 {
				t.Errorf("holdfast_panics_total is %v, want 1", n)
			}
			if n := value(t, h.Metrics.warnings.WithLabelValues(string(warnInternalError))); n != 1 {
				t.Errorf("holdfast_warnings_total is %v, want 1", n)
			}
			if text := log.String(); strings.Count(text, "\n") != 1 || !strings.Contains(text, `"uid"="u-2"`) || !strings.Contains(text, `"stack"=`) {
				t.Errorf("got log %q, want one line with uid and stack", text)
			}
		})
	}
}

// The API server has the whole answer before anything is recorded, and a defect
// while recording takes nothing from it.
func TestAnswerComesFirst(t *testing.T) {
	for name, defect := range map[string]any{"recorded": nil, "a defect while recording": "the defect"} {
		t.Run(name, func(t *testing.T) {
			answered, recorded := make(chan struct{}), make(chan struct{})
			h := &stubReviewer{*newRulesHandler(), func() (response, error) {
				r := allowed("the answer")
				r.record = func() {
					defer close(recorded)
					select {
					case <-answered:
					case <-time.After(10 * time.Second):
						t.Error("recorded, and no answer has come in 10 s")
					}
					if defect != nil {
						panic(defect)
					}
				}
				return r, nil
			}}
			server := httptest.NewServer(h)
			defer server.Close() // waits for the handler
			resp, err := http.Post(server.URL, "application/json", strings.NewReader(configMapReview(t, "r", nil, nil)))
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			body, err := io.ReadAll(resp.Body)
			close(answered)
			<-recorded
			if err != nil || resp.StatusCode != http.StatusOK || !strings.Contains(string(body), "the answer") {
				t.Errorf("got %s, %s, %v, want the answer", resp.Status, body, err)
			}
			server.Close()
			want := 0.0
			if defect != nil {
				want = 1
			}
			if n := value(t, h.Metrics.panics); n != want {
				t.Errorf("holdfast_panics_total is %v, want %v", n, want)
			}
		})
	}
}

// unreadable is an object that takes the decoder down.
type unreadable struct{}

func (*unreadable) UnmarshalJSON([]byte) error { panic("the decoder's defect") }

// unreachable admits and never gets to decide.
type unreachable struct{ t *testing.T }

func (unreachable) decode(body []byte, weight int) (*request[unreadable], error) {
	return decodeReview[unreadable](body, weight)
}

func (u unreachable) decide(context.Context, *request[unreadable]) (response, error) {
	u.t.Error("asked about an object that nobody could read")
	return response{}, nil
}

func (unreachable) survive(*request[unreadable], any) response { return allowed() }

// A defect of the decoder admits too: the uid is read without the object.
func TestDefectOfTheDecoderAdmits(t *testing.T) {
	answer, _, err := answerTo(t.Context(), &body{data: []byte(reviewOf(`{}`))}, NewMetrics(), expectPods, unreachable{t})
	if err != nil {
		t.Fatal(err)
	}
	if want := `"response":{"uid":"u-1","allowed":true}`; !strings.Contains(string(answer), want) {
		t.Errorf("got %s, want %s", answer, want)
	}
}

// A warning names what came instead of what was expected, and keeps its advice
// however long that is.
func TestUnexpectedReviews(t *testing.T) {
	long := groupVersionKind{Group: "admissionregistration.k8s.io", Version: "v1", Kind: "MutatingWebhookConfiguration"}
	for _, test := range []struct {
		request request[struct{}]
		want    *expectation
		warning string
	}{
		{request[struct{}]{Kind: expectPods.kind, Operation: "CREATE"}, expectPods, ""},
		{request[struct{}]{Kind: expectRules.kind, Operation: "CREATE"}, expectRules, ""},
		{request[struct{}]{Kind: expectRules.kind, Operation: "UPDATE"}, expectRules, ""},
		{request[struct{}]{Kind: expectPods.kind, Operation: "UPDATE"}, expectPods, "got UPDATE; the webhook configuration should send CREATE of pods only"},
		{request[struct{}]{Kind: expectRules.kind}, expectRules, "got no operation; the webhook configuration should send CREATE and UPDATE of ConfigMaps only"},
		{request[struct{}]{Kind: expectPods.kind, SubResource: "status", Operation: "CREATE"}, expectPods, "got subresource status; the webhook configuration should send CREATE of pods only"},
		{request[struct{}]{Kind: long}, expectPods, "got admissionregistration.k8s.io/v1 MutatingWeb...; the webhook configuration should send CREATE of pods only"},
		{request[struct{}]{Kind: long}, expectRules, "got admissionregistration.k8s....; the webhook configuration should send CREATE and UPDATE of ConfigMaps only"},
	} {
		got := unexpected(&test.request, test.want)
		if got != test.warning {
			t.Errorf("got %q, want %q", got, test.warning)
		}
		if shown := rules.WarningText(got); got != "" && shown != "holdfast: "+got {
			t.Errorf("got %q as a warning, want all of %q in it", shown, got)
		}
	}
}
