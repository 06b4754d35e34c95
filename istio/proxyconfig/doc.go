// Package proxyconfig reads the annotation proxy.istio.io/config as Istio's
// injector does, and edits it without losing what its author wrote.
//
// Parse decodes a text the way Istio does, by way of JSON (config.go), and
// foretells whether the injector would deny the pod for it (check.go,
// validate.go; in words for people, error.go). What is too much is not read at
// all (measure.go).
//
// Config.Edit turns an Edit into changes of entries (write.go), which
// internal/yamltext makes; then it decodes the result and wants the edit in it
// and nothing else (edit.go). It returns an error rather than a text that Istio
// would read differently, or that has a key twice.
package proxyconfig
