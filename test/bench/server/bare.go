package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strconv"
)

// serveBare answers every review with the same text, but for its uid.
func serveBare(ctx context.Context, address, certs string, patch []byte) error {
	protocols := &http.Protocols{}
	protocols.SetHTTP1(true) // alone, for the reason in serveController
	server := &http.Server{Addr: address, Handler: &measured{handler: newBare(patch)}, TLSConfig: &tls.Config{MinVersion: tls.VersionTLS13}, Protocols: protocols}
	stop := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer stop()
	err := server.ListenAndServeTLS(filepath.Join(certs, "tls.crt"), filepath.Join(certs, "tls.key"))
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// bare is the least that a webhook can do: read the request, write an answer.
type bare struct{ before, after string } // around the uid

func newBare(patch []byte) bare {
	b := bare{`{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","response":{"uid":"`, `","allowed":true}}`}
	if patch != nil {
		b.after = fmt.Sprintf(`","allowed":true,"patchType":"JSONPatch","patch":%q}}`, base64.StdEncoding.EncodeToString(patch))
	}
	return b
}

// ServeHTTP answers.
func (b bare) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body := make([]byte, max(r.ContentLength, 0))
	if _, err := io.ReadFull(r.Body, body); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	// The review's own uid stands before every other one.
	_, rest, _ := bytes.Cut(body[:min(len(body), 500)], []byte(`"uid":"`))
	uid, _, found := bytes.Cut(rest, []byte(`"`))
	if !found {
		http.Error(w, "no uid", http.StatusBadRequest)
		return
	}
	answer := append(append([]byte(b.before), uid...), b.after...)
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(answer)))
	_, _ = w.Write(answer)
	_ = http.NewResponseController(w).Flush() // within what is measured, as in holdfast
}
