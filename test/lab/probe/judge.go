package probe

import (
	"context"
	"errors"
	"net"
	"time"
)

// retried is the time from which an answer shows that the library gave up on one connection
// and asked again on another: everything here is on one machine and answers in a millisecond.
const retried = 2 * time.Second

// gaveUp reports whether a request left a connection because no answer came on it.
func gaveUp(spec Spec, request Request, err error) bool {
	var timeout net.Error
	switch {
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return true
	case err == nil && spec.Statement == "":
		return request.Took > retried
	}
	return false
}

// judge completes what the socket table told: the last answer on each connection, and
// which connections were left because an answer did not come. unanswered belongs to requests.
func judge(connections []Connection, requests []Request, unanswered []bool) []Connection {
	// A library may close the socket a moment after it has given up.
	const late = 200 * time.Millisecond
	for i := range connections {
		c := &connections[i]
		for j, request := range requests {
			done := request.At.Add(request.Took)
			switch {
			case c.End == Closed && unanswered[j] && c.Opened.Before(request.At) && c.Ended.After(request.At) && c.Ended.Before(done.Add(late)):
				c.End, c.Error = Silent, "no answer"
			case request.Error == "" && done.After(c.Opened) && done.Before(c.Ended.Add(late)) && c.End != Silent:
				c.LastByte = done
			}
		}
		if c.LastByte.After(c.Ended) {
			c.LastByte = c.Ended
		}
	}
	return connections
}
