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
	// rulesLabel, with value "true", marks ConfigMaps that ValidateRulesPath
	// looks at.
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
	// usualBodyBytes is how much memory is taken before anything has come:
	// reviews of pods are 5-50 KB.
	usualBodyBytes = 64 << 10
	// keepBodyBytes is the largest buffer worth keeping, and the largest body
	// that is read without asking how many there are.
	keepBodyBytes = 256 << 10
	// maxLargeBodies bounds how many larger ones are in the memory of the
	// process at a time, whichever handler they came to, or whoever may create
	// pods could fill the memory limit with big ones, as dry runs even, and
	// leave everybody else's pods unprotected. A review takes several times its
	// size.
	maxLargeBodies = 4
	// largeBodyWait is how long one more waits for its turn. The API server
	// gives up after the webhook configuration's timeout of 3 s.
	largeBodyWait = time.Second
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
	// warnInternalError: a defect of holdfast, the pod passes unchanged.
	warnInternalError rules.WarningCode = "InternalError"
	// warnUnreadablePod: the review is fine, the pod in it is not understood.
	warnUnreadablePod rules.WarningCode = "UnreadablePod"
	// warnNeedlessRequest: the webhook configuration sends what holdfast never
	// changes.
	warnNeedlessRequest rules.WarningCode = "NeedlessRequest"
	// warnRulesFile: a warning about a rules file under validation.
	warnRulesFile rules.WarningCode = "RulesFile"
)
