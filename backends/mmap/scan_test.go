package mmap

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// TestFindPlaces looks for names where they are, and where they overlap, at every offset.
func TestFindPlaces(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 10))
	found, refused := 0, 0
	for range 5000 {
		strs := []byte{0}
		for range rng.IntN(60) {
			strs = append(strs, "aab\x00"[rng.IntN(4)])
		}
		strs = append(strs, 0)
		name := "aabaaabab"[rng.IntN(9):]
		name = name[:1+rng.IntN(len(name))]
		var want []uint32
		for at := range strs {
			if strings.HasPrefix(string(strs[at:]), name+"\x00") {
				want = append(want, uint32(at))
			}
		}
		var buf [3]uint32
		got, ok := findPlaces(buf[:0], string(strs), name)
		often := bytes.Count(strs, []byte{0})*len(name) > len(strs)
		switch {
		case !ok && len(want) <= len(buf) && !often || ok && !slices.Equal(got, want):
			t.Fatalf("%q in %q: %v, %v; want %v", name, strs, got, ok, want)
		case ok:
			found += len(got)
		default:
			refused++
		}
	}
	if found == 0 || refused == 0 {
		t.Errorf("%d found, %d times refused: something is not tested", found, refused)
	}
}

// TestFindPlacesBudget gives up when it has compared as many bytes as there are.
func TestFindPlacesBudget(t *testing.T) {
	const n = 1000
	name := strings.Repeat("a", n)
	// At 1 and at 2, the NUL where the name would end is there, and most of the name as well.
	for nuls, ok := range map[int]bool{1: true, 2: false, n: false} {
		var buf [8]uint32
		got, gotOK := findPlaces(buf[:0], "\x00"+name+strings.Repeat("\x00", nuls), name)
		if gotOK != ok || ok && !slices.Equal(got, []uint32{1}) {
			t.Errorf("%d NULs: %v, %v; want %v", nuls, got, gotOK, ok)
		}
	}
}
