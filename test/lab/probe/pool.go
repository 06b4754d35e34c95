package probe

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/bradfitz/gomemcache/memcache"
	_ "github.com/go-sql-driver/mysql" // the driver of database/sql, chosen by name below
	"github.com/redis/go-redis/v9"
)

// pool is a client library with its default settings.
type pool struct {
	request func(context.Context) error
	close   func() error
}

// open makes the pool of a spec. Nothing here sets an option: what is measured is what
// a program gets that writes these lines.
func open(spec Spec) (*pool, error) {
	switch spec.Client {
	case "mysql":
		db, err := sql.Open("mysql", "lab@tcp("+spec.Address+")/")
		if err != nil {
			return nil, err
		}
		statement := spec.Statement
		if statement == "" {
			statement = "SELECT 1"
		}
		return &pool{close: db.Close, request: func(ctx context.Context) error {
			var answer string
			return db.QueryRowContext(ctx, statement).Scan(&answer)
		}}, nil
	case "redis":
		client := redis.NewClient(&redis.Options{Addr: spec.Address})
		return &pool{close: client.Close, request: func(ctx context.Context) error {
			err := client.Get(ctx, "lab").Err()
			if errors.Is(err, redis.Nil) { // no such key: an answer all the same
				return nil
			}
			return err
		}}, nil
	case "memcached":
		client := memcache.New(spec.Address)
		return &pool{close: client.Close, request: func(context.Context) error {
			_, err := client.Get("lab")
			if errors.Is(err, memcache.ErrCacheMiss) {
				return nil
			}
			return err
		}}, nil
	}
	return nil, fmt.Errorf("pool: got %q, want mysql, redis or memcached", spec.Client)
}

// retried is the time from which an answer shows that the library gave up on one connection
// and asked again on another: everything here is on one machine and answers in a millisecond.
const retried = 300 * time.Millisecond

// gaveUp says whether a connection was left because no answer came on it.
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

func runPool(ctx context.Context, spec Spec, ready func()) (*Result, error) {
	p, err := open(spec)
	if err != nil {
		return nil, fmt.Errorf("client %s: %w", spec.Name, err)
	}
	result := &Result{Name: spec.Name}
	watch := watchSockets(spec.Address)
	// A query that runs for a minute is ready when it has been sent, not when it is answered.
	if spec.Statement != "" {
		go func() {
			time.Sleep(time.Second)
			ready()
		}()
	}
	schedule(ctx, spec, func(first bool) bool {
		asked, cancel := context.WithTimeout(ctx, spec.GiveUp)
		defer cancel()
		request := Request{At: time.Now()}
		err := p.request(asked)
		request.Took = time.Since(request.At)
		if err != nil {
			request.Error = err.Error()
		}
		watch.answered(request.At, gaveUp(spec, request, err))
		result.Requests = append(result.Requests, request)
		if first && spec.Statement == "" {
			ready()
		}
		return spec.Statement == ""
	})
	result.Connections = watch.stop()
	if err := p.close(); err != nil {
		return nil, fmt.Errorf("client %s: closing the pool: %w", spec.Name, err)
	}
	return result, nil
}
