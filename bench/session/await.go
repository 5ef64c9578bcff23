package session

import (
	"context"
	"time"
)

// grace is how long work may go on once its context is done. Most work ends by itself in that time.
const grace = 300 * time.Millisecond

// Await runs work, and returns what it does. Soon after ctx is done it returns the context's cause
// even if work goes on: drawing a workload, generating BTF and matching expressions do not look at
// a context. Such work is left behind for the end of the program.
func Await[T any](ctx context.Context, work func() (T, error)) (T, error) {
	type outcome struct {
		value T
		err   error
	}
	done := make(chan outcome, 1)
	go func() {
		value, err := work()
		done <- outcome{value, err}
	}()
	select {
	case o := <-done:
		return o.value, o.err
	case <-ctx.Done():
	}
	select {
	case o := <-done:
		return o.value, o.err
	case <-time.After(grace):
		var none T
		return none, context.Cause(ctx)
	}
}
