package elfx

import (
	"context"
	"runtime"
	"slices"
	"sync"
)

// Pool bounds the memory that several calls together use while they run, such as the calls of the
// workers that open one collection. A call waits for its turn until the most memory that it may
// need is free. Memory of the results does not count. A Pool is safe for concurrent use.
type Pool struct {
	size int64

	mu      sync.Mutex
	used    int64 // what calls that run may need
	garbage int64 // what calls that ended allocated, as far as it may not be collected yet
	queue   []*poolWaiter
}

// poolWaiter is a call that waits for n bytes.
type poolWaiter struct {
	n     int64
	ready chan struct{}
	large []byte // with its turn, the call may get the large buffer of one that failed
}

// NewPool returns a pool for calls that together may read and unpack size bytes. A single call may
// not read and unpack more, either.
func NewPool(size int64) *Pool { return &Pool{size: max(size, 1)} }

// acquire waits for n bytes, size at most. Among them may be a buffer to use.
func (p *Pool) acquire(ctx context.Context, n int64) (large []byte, err error) {
	w := &poolWaiter{n: n, ready: make(chan struct{})}
	p.mu.Lock()
	p.queue = append(p.queue, w)
	p.admit(nil)
	p.mu.Unlock()
	select {
	case <-w.ready:
		return w.large, nil
	case <-ctx.Done():
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if i := slices.Index(p.queue, w); i >= 0 {
		p.queue = slices.Delete(p.queue, i, i+1)
	} else {
		p.used -= n // its turn came meanwhile
	}
	p.admit(nil)
	return nil, ctx.Err()
}

// release gives n bytes back, of which made were allocated, and with them a buffer that nobody uses
// any more, or nil.
func (p *Pool) release(n, made int64, large []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.used -= n
	p.garbage += made
	p.admit(large)
}

// admit lets those go on whose turn it is; the first gets the buffer. Left alone, the collector
// would let as much garbage gather as there is memory in use; here it may be a small part of the
// pool beside that. The collector alone is not enough: it may keep a dead buffer for as long as an
// old pointer to it lies in the frame of a function that runs.
func (p *Pool) admit(large []byte) {
	for len(p.queue) > 0 && p.used+p.queue[0].n <= p.size {
		w := p.queue[0]
		if has := int64(cap(large)); has >= w.n && has <= w.n+w.n/4 {
			p.garbage -= has
			w.large, large = large, nil
		}
		if p.used+p.garbage+w.n > p.size && p.garbage > p.size/32 {
			runtime.GC()
			p.garbage = 0
		}
		p.used += w.n
		p.queue = p.queue[1:]
		close(w.ready)
	}
}
