package rules

// Names that users see. They are fixed.
const (
	// APIVersion and Kind open every rules file.
	APIVersion = "holdfast.dev/v1alpha1"
	Kind       = "Rules"

	// EnabledKey is the opt-in and opt-out label of namespaces, and the
	// opt-out label or annotation of pods.
	EnabledKey = "holdfast.dev/enabled"
	// AppliedAnnotation records on a pod what was applied, as JSON:
	// {"rules":["redis"],"hash":"..."}. Of more names than fit into 1 KiB it has
	// the first, and "more": how many others. It also remembers what was written,
	// so that it can be taken back; docs/rules.md tells how.
	AppliedAnnotation = "holdfast.dev/applied"
	// KeepaliveAnnotation records the keepalive of a pod: "120s-30s-3".
	KeepaliveAnnotation = "holdfast.dev/keepalive"
	// MiddlewareAnnotation is evidence that a pod's author gives: a comma list
	// of rule names or middleware names.
	MiddlewareAnnotation = "holdfast.dev/middleware"
	// MirrorPodAnnotation marks the API's copy of a static pod.
	// Source: https://kubernetes.io/docs/reference/labels-annotations-taints/
	MirrorPodAnnotation = "kubernetes.io/config.mirror"
	// NamespaceNameLabel is on every namespace, with its name. It is core/v1's
	// LabelMetadataName, whose package imports net/http.
	// Source: https://kubernetes.io/docs/reference/labels-annotations-taints/#kubernetes-io-metadata-name
	NamespaceNameLabel = "kubernetes.io/metadata.name"
)
