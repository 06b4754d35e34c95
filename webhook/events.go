package webhook

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"time"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/holdfast-mesh/holdfast/internal/clip"
)

// Reasons of Events on the rules ConfigMap.
const (
	eventRejected = "RulesRejected"
	eventLoaded   = "RulesLoaded"
)

const (
	component = "holdfast"
	// maxEventBytes is the longest note that the API server takes.
	// Source: https://pkg.go.dev/k8s.io/api/events/v1#Event
	maxEventBytes = 1024
	eventTimeout  = 10 * time.Second
)

// eventSink writes Events without making anyone wait. An Event's name is made
// from what it tells, so that replicas and restarts that see the same thing
// make one Event and not many.
type eventSink struct {
	queue chan *corev1.Event
	log   logr.Logger
}

func newEventSink(log logr.Logger) *eventSink {
	return &eventSink{queue: make(chan *corev1.Event, 16), log: log}
}

// rejected tells of rules that are not in force.
func (e *eventSink) rejected(about *corev1.ConfigMap, message string) {
	e.put(about, corev1.EventTypeWarning, eventRejected, message)
}

// loaded tells of rules that are in force after some that were not.
func (e *eventSink) loaded(about *corev1.ConfigMap, message string) {
	e.put(about, corev1.EventTypeNormal, eventLoaded, message)
}

func (e *eventSink) put(about *corev1.ConfigMap, kind, reason, message string) {
	now := metav1.Now()
	sum := sha256.Sum256([]byte(string(about.UID) + "\x00" + about.ResourceVersion + "\x00" + reason + "\x00" + message))
	event := &corev1.Event{
		ObjectMeta: metav1.ObjectMeta{Namespace: about.Namespace, Name: about.Name + "." + hex.EncodeToString(sum[:8])},
		InvolvedObject: corev1.ObjectReference{
			APIVersion: "v1", Kind: "ConfigMap", Namespace: about.Namespace, Name: about.Name,
			UID: about.UID, ResourceVersion: about.ResourceVersion,
		},
		Type: kind, Reason: reason, Message: clip.Text(message, maxEventBytes),
		Source: corev1.EventSource{Component: component}, ReportingController: component,
		FirstTimestamp: now, LastTimestamp: now, Count: 1,
	}
	select {
	case e.queue <- event:
	default:
		e.log.Info("event dropped, the API server takes them too slowly", "reason", reason)
	}
}

// run writes until ctx ends.
func (e *eventSink) run(ctx context.Context, to client.Client) {
	for {
		select {
		case <-ctx.Done():
			return
		case event := <-e.queue:
			limited, cancel := context.WithTimeout(ctx, eventTimeout)
			if err := to.Create(limited, event); err != nil && !apierrors.IsAlreadyExists(err) && ctx.Err() == nil {
				e.log.Error(err, "cannot write an Event", "reason", event.Reason, "about", event.InvolvedObject.Namespace+"/"+event.InvolvedObject.Name)
			}
			cancel()
		}
	}
}
