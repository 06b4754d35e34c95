package envoyfilters

import "time"

const (
	// manager is the field manager of what this package writes.
	manager = "holdfast-mesh"
	// leaseName names the Lease that one replica holds.
	leaseName = "holdfast-mesh"
	// ownerLabel with value owner marks the objects that this package may change
	// and delete. Those of "holdfast render" do not have it.
	ownerLabel, owner = "app.kubernetes.io/managed-by", "holdfast"
)

// Reasons of Events.
const (
	eventNoDefinitions = "IstioDefinitionsMissing"
	eventForeign       = "MeshObjectDiffers"
)

// remedy says where the rights come from.
const remedy = "manageMesh=true in the values of the chart"

// podsPerPage is how many pods are asked for at a time, as kubectl does.
const podsPerPage = 500

// times are how long things take; tests have shorter ones.
type times struct {
	// lease is how long a silent leader stays one; renew, how long it tries to
	// stay one; retry, how often it and the others try. Those of
	// controller-runtime.
	lease, renew, retry time.Duration
	// backoff and maxBackoff are between attempts at what failed.
	backoff, maxBackoff time.Duration
	// grace is how long no rule must have named a keepalive before its object
	// may go: edits are taken back, and replicas read them at different times.
	grace time.Duration
	// pods is how long to wait, at least, between two looks at all pods.
	pods time.Duration
	// repair is how long to wait before repairing an object again, so that two
	// who disagree do not cut connections every second.
	repair time.Duration
	// resync is how often everything is looked at although nothing has happened.
	resync time.Duration
}

func defaultTimes() times {
	return times{
		lease: 15 * time.Second, renew: 10 * time.Second, retry: 2 * time.Second,
		backoff: time.Second, maxBackoff: time.Minute,
		grace: 10 * time.Minute, pods: 5 * time.Minute, repair: time.Minute, resync: 10 * time.Minute,
	}
}
