package admission

import (
	"time"

	"github.com/holdfast-mesh/holdfast/rules"
	"github.com/holdfast-mesh/holdfast/rules/load"
)

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
	RulesKey = load.RulesKey
	// rulesName is what the ConfigMap in use is called in an installation. One of
	// that name is judged with or without the label, so that taking the label
	// away is no way around.
	rulesName = "holdfast-rules"
	// rulesLabel, with value "true", marks further ConfigMaps that
	// ValidateRulesPath looks at.
	rulesLabel = "holdfast.dev/rules"
)

// Limits of a request.
const (
	// maxBodyBytes bounds an admission review. etcd's largest request is
	// 1.5 MiB, an API server's largest object 3 MiB; an update review carries
	// the object twice.
	// Source: https://github.com/kubernetes-sigs/controller-runtime/blob/v0.25.2/pkg/webhook/admission/http.go
	maxBodyBytes = 7 << 20
	// drainBodyBytes is how much of a refused body is read and thrown away.
	drainBodyBytes = 32 << 20
	// drainTime is how long.
	drainTime = time.Second
	// usualBodyBytes is the room that every request has for its body without
	// asking: reviews of pods are 5-50 KB. All connections together may use it
	// at a time, so it is part of what they cost.
	usualBodyBytes = 32 << 10
	// firstBodyBytes is how much of that is there before a byte has come: most
	// reviews have less, and some connections send a header only.
	firstBodyBytes = 16 << 10
	// usualAnswerBytes is room for an answer, and for a patch.
	usualAnswerBytes = 1 << 10
	// maxBodyMemory bounds all bodies over usualBodyBytes that are in memory at a
	// time, whichever handler they came to, or whoever may create pods could fill
	// the memory limit, as dry runs even, and leave everybody else's pods
	// unprotected. It holds two of the largest.
	maxBodyMemory = 16 << 20
	// maxReviewMemory bounds what all reviews that are being decided may take,
	// by their weight.
	maxReviewMemory = 32 << 20
	// maxReviewWeight bounds the weight of one. What exceeds it is not decoded:
	// "containers": [{},{},...] takes 70 times its size. A pod of 1.5 MiB, the
	// most that etcd stores, has room for 58,000 values.
	maxReviewWeight = 16 << 20
	// valueBytes is what one value weighs: the largest thing that three bytes
	// of JSON can make is a rules.Container, and lists double when they grow.
	valueBytes = 288
	// cheapWeight is what may be estimated too high, in bytes: pods of 60 KB are not
	// counted through, and 30 of them are decided at a time all the same.
	cheapWeight = 1 << 20
	// turnWait is how long a request waits for memory, or for its turn. The API
	// server gives up after the webhook configuration's timeout of 3 s.
	turnWait = time.Second
	// senderPatience is how long a body may arrive when others wait for the
	// memory that it holds.
	senderPatience = 100 * time.Millisecond
)

// Keys of audit annotations. The API server puts the webhook's name and a "/"
// before them.
const (
	auditReason   = "reason"
	auditRules    = "rules"
	auditObserved = "observed"
	// maxAuditBytes bounds a value: audit backends truncate or drop big events.
	maxAuditBytes = 2048
	// maxLoggedName bounds a name in a log line. Those that an API server accepts
	// have at most 253 bytes.
	maxLoggedName = 256
	// maxLoggedRules bounds the rules in a log line.
	maxLoggedRules = 20
)

// Codes of warnings that this package adds to those of package rules.
const (
	// A defect of holdfast; the pod passes unchanged.
	// Do: as for the reason `InternalError`.
	warnInternalError rules.WarningCode = "InternalError"
	// The review is fine, and the pod in it has a shape that this version does not
	// know; it passes unchanged.
	// Do: update holdfast: it is older than the API server.
	warnUnreadablePod rules.WarningCode = "UnreadablePod"
	// The webhook configuration sends what holdfast never changes: another kind, an
	// update, a subresource.
	// Do: apply the webhook configuration of this version again.
	warnNeedlessRequest rules.WarningCode = "NeedlessRequest"
	// A rules file that is being applied has warnings; `kubectl` shows them.
	// Do: `holdfast check` shows all of them, with positions.
	warnRulesFile rules.WarningCode = "RulesFile"
)
