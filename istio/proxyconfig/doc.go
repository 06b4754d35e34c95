// Package proxyconfig reads the annotation proxy.istio.io/config as Istio's
// injector does, says what the injector would refuse, and edits it without
// losing what its author wrote.
package proxyconfig
