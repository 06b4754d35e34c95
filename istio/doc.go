// Package istio is what holdfast knows of Istio, from Istio's source and held
// against it by tests:
//
//   - the keys of annotations, labels and proxyMetadata that holdfast reads or
//     writes, and what belongs to its objects in the mesh;
//   - lists of ports and CIDRs in annotations: ParsePorts, FormatPorts,
//     UnionPorts, and the same for prefixes, in the form of CanonicalPrefix;
//   - durations as istiod reads them: ParseIdleTimeout, FormatDuration,
//     FormatSeconds, SuggestDuration;
//   - the text form of a Keepalive;
//   - what the labels of a namespace and a pod make of it: WillInject, whether
//     the pod gets a sidecar, and Revision, from which control plane;
//     NeverInjected.
//
// Package proxyconfig edits the proxy.istio.io/config annotation, and package
// patterns writes destinations as the patterns that proxyMetadata carries. All
// three are leaves: text in, text out, no network and no Kubernetes client.
package istio
