package probe

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/http"
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
		return openMySQL(spec)
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
	case "http":
		return openHTTP(spec), nil
	}
	return nil, fmt.Errorf("pool: got %q, want mysql, redis, memcached or http", spec.Client)
}

// openMySQL makes a database/sql pool. With Hold, every request is part of one transaction,
// so that the pool cannot give it another connection.
func openMySQL(spec Spec) (*pool, error) {
	db, err := sql.Open("mysql", "lab@tcp("+spec.Address+")/")
	if err != nil {
		return nil, err
	}
	statement := spec.Statement
	if statement == "" {
		statement = "SELECT 1"
	}
	var tx *sql.Tx
	return &pool{close: db.Close, request: func(ctx context.Context) (err error) {
		var answer string
		if !spec.Hold {
			return db.QueryRowContext(ctx, statement).Scan(&answer)
		}
		if tx == nil {
			// Not ctx: the transaction outlives the request.
			if tx, err = db.BeginTx(context.Background(), nil); err != nil {
				return err
			}
		}
		if err := tx.QueryRowContext(ctx, statement).Scan(&answer); err != nil {
			// What a program does that got an error: give up the transaction, begin anew.
			_ = tx.Rollback()
			tx = nil
			return err
		}
		return nil
	}}, nil
}

// openHTTP makes a client that keeps its connection open between requests, as HTTP/1.1 does.
func openHTTP(spec Spec) *pool {
	client := &http.Client{}
	return &pool{
		close: func() error { client.CloseIdleConnections(); return nil },
		request: func(ctx context.Context) error {
			request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+spec.Address+"/", nil)
			if err != nil {
				return err
			}
			response, err := client.Do(request)
			if err != nil {
				return err
			}
			defer response.Body.Close()
			// Read to its end, or the connection is not used again.
			_, err = io.Copy(io.Discard, response.Body)
			return err
		},
	}
}

func runPool(ctx context.Context, spec Spec, ready func()) (*Result, error) {
	p, err := open(spec)
	if err != nil {
		return nil, fmt.Errorf("client %s: %w", spec.Name, err)
	}
	result := &Result{Name: spec.Name}
	watch := watchSockets(spec.Address)
	long := spec.Statement != ""
	if long { // ready when it has been sent, not when it is answered
		time.AfterFunc(time.Second, ready)
	}
	var unanswered []bool
	schedule(ctx, spec, func(first bool) bool {
		asked, cancel := context.WithTimeout(ctx, spec.GiveUp)
		defer cancel()
		request := Request{At: time.Now()}
		err := p.request(asked)
		request.Took = time.Since(request.At)
		if err != nil {
			request.Error = err.Error()
		}
		result.Requests = append(result.Requests, request)
		unanswered = append(unanswered, gaveUp(spec, request, err))
		if first && !long {
			ready()
		}
		return !long
	})
	// What the library closed last must be in a sample.
	time.Sleep(5 * sampleEvery)
	result.Connections = judge(watch.stop(), result.Requests, unanswered)
	if err := p.close(); err != nil {
		return nil, fmt.Errorf("client %s: closing the pool: %w", spec.Name, err)
	}
	return result, nil
}
