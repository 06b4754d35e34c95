package evidence

import (
	"hash/maphash"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/holdfast-mesh/holdfast/rules"
)

// memory remembers what pods show. All pods of a Deployment come from one template, and
// their texts are read once.
//
// It knows pods by two hashes of their texts, which may hold passwords, and keeps nothing
// of them but addresses. It is a fixed number of slots for entries of bounded size; what
// they hold is never changed, so losing a race costs only the work.
type memory struct {
	// Of its own, so that nobody can aim pods at one slot, or make two that are the same.
	seeds [2]maphash.Seed
	slots [256]atomic.Pointer[remembered]
}

// remembered is what one pod shows.
type remembered struct {
	texts     fingerprint
	addresses []Address
}

// maxRemembered is how many addresses of a pod are remembered: 256 such pods, with the
// longest names, stay under 4 MiB.
const maxRemembered = 32

func newMemory() *memory {
	return &memory{seeds: [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()}}
}

// Recall is Scan for who needs no more than Addresses, of which nothing is to be shown,
// Declared and Cut. It remembers pods.
func Recall(pod *rules.Pod, asked *Asked) Found {
	texts, ok := asked.memory.fingerprintOf(pod)
	if !ok {
		return Scan(pod, asked)
	}
	slot := &asked.memory.slots[texts[0]%uint64(len(asked.memory.slots))]
	if r := slot.Load(); r != nil && r.texts == texts {
		return Found{Addresses: r.addresses, Declared: declared(pod.Annotations[rules.MiddlewareAnnotation])}
	}
	found := Scan(pod, asked)
	if !found.Cut && len(found.Addresses) <= maxRemembered {
		kept := slices.Clone(found.Addresses)
		for i := range kept {
			kept[i].Host = strings.Clone(kept[i].Host) // a part of the text
			kept[i].source = source{}
		}
		slot.Store(&remembered{texts, kept})
	}
	return found
}
