package session_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/btfkit/btfkit/bench"
	"github.com/btfkit/btfkit/bench/results"
	"github.com/btfkit/btfkit/bench/session"
	"golang.org/x/perf/benchfmt"
)

// Work that does not look at its context is left behind.
func TestAwait(t *testing.T) {
	stop := errors.New("stop")
	ctx, cancel := context.WithCancelCause(t.Context())
	hold := make(chan struct{})
	defer close(hold)
	began := time.Now()
	value, err := session.Await(ctx, func() (int, error) {
		cancel(stop)
		<-hold
		return 7, nil
	})
	if value != 0 || !errors.Is(err, stop) || time.Since(began) > 10*time.Second {
		t.Errorf("%d, %v after %v", value, err, time.Since(began))
	}
	value, err = session.Await(ctx, func() (int, error) { return 7, nil })
	if value != 7 || err != nil {
		t.Errorf("work that ends: %d, %v", value, err)
	}
}

// A run that is interrupted returns what it measured, and hands on nothing more.
func TestRunInterrupted(t *testing.T) {
	ws, kernel, _ := prepare(t)
	stop := errors.New("stop")
	ctx, cancel := context.WithCancelCause(t.Context())
	var handed int
	run, err := session.Run(ctx, ws, session.Config{
		Sources: []*session.Source{kernel}, Subjects: session.Ours(withToy(), program("serve")),
		Count: 1 << 30, Select: func(row string) bool { return row == "TypeByID" },
		Result: func(*benchfmt.Result) error {
			if handed++; handed == 9 {
				cancel(stop)
			}
			return nil
		},
	})
	if !errors.Is(err, stop) || run == nil || len(run.Samples) < 9 || len(run.Samples) != handed {
		t.Errorf("error %v, %d handed on, run %+v", err, handed, run)
	}
	if run.Environment.Get("seed") != "0" || len(run.Sources) != 1 {
		t.Errorf("run %+v", run)
	}
}

// Rows that match nothing are an error that lists those there are.
func TestRunOfNoRows(t *testing.T) {
	ws, kernel, _ := prepare(t)
	_, err := session.Run(t.Context(), ws, session.Config{
		Sources: []*session.Source{kernel}, Subjects: session.Ours(withToy(), nil),
		Select: func(row string) bool { return row == "open" },
	})
	none := new(session.RowsError)
	if !errors.As(err, &none) {
		t.Fatalf("error %v", err)
	}
	for _, row := range []string{"Open", "OpenCold", "Memory/stage=open", "IDsByRegex/pattern=^tcp_"} {
		if !strings.Contains(err.Error(), " "+row+",") {
			t.Errorf("no %s in %v", row, err)
		}
	}
	if strings.Contains(err.Error(), "goroutines") {
		t.Errorf("rows that were not asked for in %v", err)
	}
}

// A budget that leaves no time for a sample is an error that says how much is wanted, and with that
// much there are results.
func TestBudgetTooSmall(t *testing.T) {
	ws, kernel, _ := prepare(t)
	run := func(budget time.Duration) (*results.Run, error) {
		return session.Run(t.Context(), ws, session.Config{
			Sources: []*session.Source{kernel}, Subjects: session.Ours(withToy(), program("serve")),
			Deadline: time.Now().Add(budget),
			Select:   func(row string) bool { return row == "TypeByID" || row == "Open" },
		})
	}
	_, err := run(time.Millisecond)
	small := new(session.BudgetError)
	if !errors.As(err, &small) || small.Wanted < time.Second || small.Doing == "" {
		t.Fatalf("error %v", err)
	}
	for range 3 { // each error knows more
		r, err := run(small.Wanted)
		if err == nil && len(r.Samples) > 0 {
			return
		}
		if !errors.As(err, &small) {
			t.Fatal(err)
		}
	}
	t.Errorf("the budget that is wanted does not suffice: %v", small)
}

// An error of who takes the results ends the run, whichever result it is about.
func TestRunEndsWithResult(t *testing.T) {
	ws, kernel, _ := prepare(t)
	full := errors.New("full")
	run := func(last int) (taken int, err error) {
		_, err = session.Run(t.Context(), ws, session.Config{
			Sources: []*session.Source{kernel}, Count: 2, Iterations: 1,
			Subjects: session.Ours(bench.Backends()[:1], program("serve")),
			Select:   func(row string) bool { return row == "Open" || row == "Memory/stage=open" },
			Result: func(*benchfmt.Result) error {
				if taken++; taken == last {
					return full
				}
				return nil
			},
		})
		return taken, err
	}
	all, err := run(0)
	if err != nil || all != 4 {
		t.Fatalf("%d results, %v", all, err)
	}
	for last := 1; last <= all; last++ {
		if taken, err := run(last); !errors.Is(err, full) || taken != last {
			t.Errorf("result %d: %d taken, error %v", last, taken, err)
		}
	}
}
