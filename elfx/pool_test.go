package elfx

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/metrics"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/btfkit/btfkit/btf/modules"
)

// TestPoolTurns lets calls in as memory is given back, in turn, and lets one that waits give up.
func TestPoolTurns(t *testing.T) {
	ctx := context.Background()
	p := NewPool(10)
	if _, err := p.acquire(ctx, 7); err != nil {
		t.Fatal(err)
	}
	gone, cancel := context.WithCancel(ctx)
	waits := func(ctx context.Context, n int64) chan error {
		p.mu.Lock()
		queued := len(p.queue)
		p.mu.Unlock()
		done := make(chan error, 1)
		go func() { _, err := p.acquire(ctx, n); done <- err }()
		for { // until it is in the queue
			p.mu.Lock()
			n := len(p.queue)
			p.mu.Unlock()
			if n > queued {
				return done
			}
			runtime.Gosched()
		}
	}
	first, second, third := waits(gone, 9), waits(ctx, 3), waits(ctx, 1)
	cancel()
	if err := <-first; !errors.Is(err, context.Canceled) {
		t.Errorf("error %v of a call that gave up", err)
	}
	if err := <-second; err != nil { // 7 and 3
		t.Error(err)
	}
	select {
	case <-third:
		t.Error("11 of 10 bytes given out")
	case <-time.After(10 * time.Millisecond):
	}
	p.release(7, 7, nil)
	if err := <-third; err != nil {
		t.Error(err)
	}
	p.release(3, 0, nil)
	p.release(1, 0, nil)
	if _, err := p.acquire(ctx, 10); err != nil || p.used != 10 || len(p.queue) != 0 {
		t.Errorf("%d bytes used, %d waiting, error %v", p.used, len(p.queue), err)
	}
}

// TestPoolGivesUp holds nothing for a call whose turn came when it had given up.
func TestPoolGivesUp(t *testing.T) {
	p := NewPool(10)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for range 100 { // either may come first
		if _, err := p.acquire(ctx, 10); err == nil {
			p.release(10, 0, nil)
		} else if p.used != 0 || len(p.queue) != 0 {
			t.Fatalf("%d bytes used, %d waiting after %v", p.used, len(p.queue), err)
		}
	}
}

// TestPoolHandsOver gives the buffer of a call that failed to the next one that it is made for, and
// to nobody else.
func TestPoolHandsOver(t *testing.T) {
	for _, test := range []struct{ has, garbage int64 }{{80, 2}, {100, 2}, {79, 81}, {101, 103}} {
		p := NewPool(100)
		if _, err := p.acquire(t.Context(), 60); err != nil {
			t.Fatal(err)
		}
		got := make(chan []byte)
		go func() { large, _ := p.acquire(t.Context(), 80); got <- large }()
		for waiting := 0; waiting == 0; time.Sleep(time.Millisecond) {
			p.mu.Lock()
			waiting = len(p.queue)
			p.mu.Unlock()
		}
		p.size = 1 << 20 // no collection
		p.release(60, test.has+2, make([]byte, test.has))
		wants := test.garbage == 2
		if large := <-got; (large != nil) != wants || p.garbage != test.garbage {
			t.Errorf("a buffer of %d: %d bytes, %d of garbage", test.has, len(large), p.garbage)
		}
	}
}

// TestPoolMemory lets eight calls at once unpack bombs in a pool for two: the heap grows by at most
// 1.3 times the pool and a few megabytes.
func TestPoolMemory(t *testing.T) {
	const size = 64 << 20
	var file bytes.Buffer
	zeros(t, gzip.NewWriter(&file), size)
	opts := &Options{MaxRatio: -1, MaxSize: size / 2, Pool: NewPool(size)}
	most := heapGrowth(func() {
		var calls sync.WaitGroup
		for range 8 {
			calls.Go(func() {
				for range 2 {
					if _, err := ExtractBytes(context.Background(), file.Bytes(), opts); !errors.Is(err,
						ErrTooLarge) {
						t.Errorf("error %v", err)
					}
				}
			})
		}
		calls.Wait()
	})
	if most > size*13/10+8<<20 {
		t.Errorf("the heap grew by %d MiB, with a pool of %d", most>>20, size>>20)
	}
	if most < size/2 {
		t.Errorf("the heap grew by %d MiB only: nothing was tested", most>>20)
	}
}

// heapGrowth returns by how much the heap grew at most while f ran.
func heapGrowth(f func()) int64 {
	heap := func() int64 {
		sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
		metrics.Read(sample)
		return int64(sample[0].Value.Uint64())
	}
	runtime.GC()
	before, most := heap(), int64(0)
	ended := make(chan struct{})
	go func() { f(); close(ended) }()
	for tick := time.Tick(100 * time.Microsecond); ; {
		select {
		case <-tick:
			most = max(most, heap())
			continue
		case <-ended:
		}
		return most - before
	}
}

// TestPoolLimits applies the pool's size to one call, too, and ends a wait with the context.
func TestPoolLimits(t *testing.T) {
	var file bytes.Buffer
	zeros(t, gzip.NewWriter(&file), 1<<20)
	opts := &Options{Pool: NewPool(1 << 19)}
	_, err := ExtractBytes(context.Background(), file.Bytes(), opts)
	if !errors.Is(err, ErrTooLarge) || !strings.Contains(err.Error(), "Options.Pool (524288 bytes)") {
		t.Errorf("error %v", err)
	}
	if opts.Pool.used != 0 {
		t.Errorf("%d bytes not given back", opts.Pool.used)
	}
	if _, err := opts.Pool.acquire(context.Background(), 1); err != nil {
		t.Fatal(err)
	}
	// A small file needs no more than its ratio allows, and may go on beside others.
	large := &Options{Pool: NewPool(64 << 20)}
	if _, err := large.Pool.acquire(context.Background(), 40<<20); err != nil {
		t.Fatal(err)
	}
	if _, err := ExtractBytes(context.Background(), file.Bytes(), large); !errors.Is(err, ErrNoBTF) {
		t.Errorf("error %v of a small file beside others", err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
	defer cancel()
	if _, err := ExtractBytes(ctx, file.Bytes(), opts); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v of a call that waits", err)
	}
}

// TestCollectionMemory opens modules whose files unpack to much with eight workers: together they
// stay within what the options allow one.
func TestCollectionMemory(t *testing.T) {
	const size = 32 << 20
	kernel, module := kernelAndModule(t)
	var ko bytes.Buffer
	w := gzip.NewWriter(&ko)
	if _, err := w.Write(testELF{class: 64, order: byteOrder(module), sections: []testSection{
		progbits(".data", make([]byte, size*2/3)), progbits(".BTF", module),
	}}.build(t)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{"vmlinux": kernel}
	for i := range 10 {
		files[fmt.Sprintf("m%d.ko.gz", i)] = ko.Bytes()
	}
	dir := writeTree(t, files)
	limits := &Options{MaxSize: size, MaxRatio: -1}
	o := CollectionOptions{Kernel: heap, Limits: limits}
	for name, open := range map[string]func() (*modules.Collection, error){
		"Tree": func() (*modules.Collection, error) { return Tree(t.Context(), dir, "", o) },
		"Dir":  func() (*modules.Collection, error) { return Dir(t.Context(), dir, "", o) },
	} {
		c, err := open()
		if err != nil {
			t.Fatal(err)
		}
		most := heapGrowth(func() {
			if err := c.OpenAll(t.Context(), 8, nil); err != nil {
				t.Error(err)
			}
		})
		if bad := c.Problems(); len(bad) != 0 || c.Len() != 10 {
			t.Errorf("%s: %d modules, problems %v", name, c.Len(), bad)
		}
		if most > size*13/10+8<<20 {
			t.Errorf("%s: the heap grew by %d MiB, with a limit of %d", name, most>>20, size>>20)
		}
		if most < size/3 {
			t.Errorf("%s: the heap grew by %d MiB only: nothing was tested", name, most>>20)
		}
		c.Close()
	}
	if limits.Pool != nil {
		t.Error("the caller's options were changed")
	}
}

// TestCollectionPool takes the caller's pool, and makes none where the caller lifted the limit.
func TestCollectionPool(t *testing.T) {
	own := NewPool(1)
	for _, test := range []struct {
		limits *Options
		size   int64
	}{
		{nil, DefaultMaxSize}, {&Options{}, DefaultMaxSize}, {&Options{MaxSize: 9}, 9},
		{&Options{MaxSize: -1}, 0}, {&Options{MaxSize: 9, Pool: own}, 1},
	} {
		var got int64
		if p := (CollectionOptions{Limits: test.limits}).withPool().Limits.Pool; p != nil {
			got = p.size
		}
		if got != test.size {
			t.Errorf("%+v: a pool of %d, want %d", test.limits, got, test.size)
		}
	}
}
