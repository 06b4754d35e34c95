package admission

// Paths of the endpoints, as the webhook configurations name them.
const (
	// MutatePodsPath takes admission reviews of pods.
	MutatePodsPath = "/mutate-pods"
	// ValidateRulesPath takes admission reviews of ConfigMaps with rules.
	ValidateRulesPath = "/validate-rules"
)

// The rules ConfigMap.
const (
	// RulesKey is the key of the rules file in its ConfigMap.
	RulesKey = "rules.yaml"
	// RulesLabel, with value "true", marks ConfigMaps that ValidateRulesPath
	// looks at.
	RulesLabel = "holdfast.dev/rules"
)

// Limits of a request.
const (
	// MaxBodyBytes bounds an admission review. etcd's largest request is
	// 1.5 MiB, an API server's largest object 3 MiB; an update review carries
	// the object twice.
	// Source: https://github.com/kubernetes-sigs/controller-runtime/blob/v0.25.2/pkg/webhook/admission/http.go
	MaxBodyBytes = 7 << 20
	// drainBodyBytes is how much of an oversized body is read and thrown away
	// before the answer, so that the sender gets to read the answer instead of
	// a broken connection.
	drainBodyBytes = 32 << 20
)

// Keys of audit annotations. The API server puts the webhook's name and a "/"
// before them.
const (
	auditReason   = "reason"
	auditRules    = "rules"
	auditObserved = "observed"
	// maxAuditBytes bounds a value: audit backends truncate or drop big events.
	maxAuditBytes = 2048
)

// Codes of warnings that this package adds to those of package rules.
const (
	// WarnInternalError: a defect of holdfast, the pod passes unchanged.
	WarnInternalError = "InternalError"
	// WarnUnreadablePod: the review is fine, the pod in it is not understood.
	WarnUnreadablePod = "UnreadablePod"
	// WarnNeedlessRequest: the webhook configuration sends what holdfast never
	// changes.
	WarnNeedlessRequest = "NeedlessRequest"
	// WarnRulesFile: a warning about a rules file under validation.
	WarnRulesFile = "RulesFile"
)
