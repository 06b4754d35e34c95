// Package evidence finds the addresses that a pod shows to use, read from the
// pod alone. Scan reads one pod; what counts as visible use:
//
//   - URLs, with or without credentials, with several hosts, with the default
//     port of a scheme: url.go;
//   - host:port, [v6]:port and lists of them anywhere in a text: text.go;
//   - X_HOST beside X_PORT, --x-host beside --x-port, host= beside port=:
//     pair.go and keyvalue.go, and flags in a command line: flag.go;
//   - after $(VAR) is replaced: expand.go;
//   - names that the pod's author declares in an annotation: declared.go.
//
// host.go says what a host is, vocabulary.go which ports belong to names of
// schemes and middleware.
//
// Addresses of the pod itself (localhost, 127.0.0.1, 0.0.0.0) are none: they
// never pass the sidecar. A false address costs little, because rules look at
// ports; a false piece of a password in a log costs much, so secrets are
// neither read nor shown: secret.go.
//
// The work is linear in the size of the pod, and the number of addresses is
// bounded, so that a hostile pod costs no more than a big one. Those that no rule
// asks for do not count: asked.go.
package evidence
