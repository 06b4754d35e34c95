package certificates

import (
	"crypto/tls"
	"crypto/x509"
	"slices"
	"time"

	"github.com/holdfast-mesh/holdfast/webhook/certificates/authority"
)

// serving is the certificate in use, and who signed it.
type serving struct {
	*tls.Certificate
	by *authority.Authority
}

// signs reports whether what is served was signed by that authority.
func (s *serving) signs(a *authority.Authority) bool {
	return s != nil && a != nil && s.by.Certificate.Equal(a.Certificate)
}

// ranked returns the authorities that may sign now, the best one last: one whose
// successor is due comes before one that has its time before it, an older one before a
// younger one.
func ranked(list []*authority.Authority, now time.Time) []*authority.Authority {
	usable := slices.DeleteFunc(slices.Clone(list), func(a *authority.Authority) bool { return !authority.Valid(a.Certificate, now) })
	slices.SortStableFunc(usable, func(a, b *authority.Authority) int {
		switch aDue, bDue := authority.Due(a.Certificate, now), authority.Due(b.Certificate, now); {
		case aDue && !bDue:
			return -1
		case !aDue && bDue:
			return 1
		}
		return 0 // as the list has them
	})
	return usable
}

// needed returns the authorities that the Secret should hold, given those that it
// holds, oldest first; made is true if a new one is among them.
func needed(there []*authority.Authority, current *serving, now time.Time) (wanted []*authority.Authority, made bool, err error) {
	var best *authority.Authority
	if usable := ranked(there, now); len(usable) > 0 {
		best = usable[len(usable)-1]
	}
	waiting := false
	for _, a := range there {
		switch {
		case authority.Expired(a.Certificate, now):
			continue
		case !authority.Valid(a.Certificate, now):
			// Made by a replica whose clock is far ahead: a successor for later.
			waiting = true
		case a != best && current.signs(best):
			// Who serves from the best one has waited until it is trusted, so
			// nobody who starts from now on needs the key of another.
			continue
		}
		wanted = append(wanted, a)
	}
	if best != nil && (waiting || !authority.Due(best.Certificate, now)) {
		return wanted, false, nil
	}
	successor, err := authority.New(now)
	if err != nil {
		return wanted, false, err
	}
	return append(wanted, successor), true, nil
}

// signer returns who signs from now on, nil if nobody can. Unless nothing valid is
// served, it is somebody whom API servers trust by now.
func signer(there []*authority.Authority, current *serving, known *trust, settle time.Duration, now time.Time) *authority.Authority {
	usable := ranked(there, now)
	for _, a := range slices.Backward(usable) {
		if known.longer(a.Certificate, settle, now) {
			return a
		}
	}
	if current != nil && authority.Valid(current.Leaf, now) {
		return current.by
	}
	// After a start. The first one that is trusted at all is trusted the longest.
	for _, a := range usable {
		if known.longer(a.Certificate, 0, now) {
			return a
		}
	}
	if len(usable) > 0 {
		return usable[0] // ready as soon as the caBundle is
	}
	return nil
}

// outdated reports whether a certificate by this authority is to take the place of
// what is served.
func (s *serving) outdated(by *authority.Authority, now time.Time) bool {
	if !s.signs(by) || !authority.Valid(s.Leaf, now) {
		return true
	}
	return authority.Due(s.Leaf, now) && s.Leaf.NotAfter.Before(by.Certificate.NotAfter)
}

// trust knows since when certificates stand in every caBundle.
type trust struct {
	since map[string]time.Time // by their DER
	seen  []*configuration     // when it was observed last
}

// observe takes the configurations as they are now. Where a state of one was missed, because
// two changes came before a pass or while the watch was away, its caBundle may have been
// empty meanwhile: all certificates begin anew. So whoever keeps changing the webhooks that
// fast keeps a new authority waiting, until the one before has expired at most.
func (t *trust) observe(configurations []*configuration, now time.Time) {
	for i, before := range t.seen {
		if !configurations[i].follows(before) {
			t.since = nil
		}
	}
	next := map[string]time.Time{}
	for _, c := range everywhere(configurations) {
		at, known := t.since[string(c.Raw)]
		if !known || at.After(now) { // a clock that was set back
			at = now
		}
		next[string(c.Raw)] = at
	}
	t.since, t.seen = next, configurations
}

// longer reports whether a certificate has stood in every caBundle for that long.
func (t *trust) longer(c *x509.Certificate, span time.Duration, now time.Time) bool {
	at, known := t.since[string(c.Raw)]
	return known && now.Sub(at) >= span
}
