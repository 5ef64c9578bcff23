package modules_test

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/btftest"
	"github.com/btfkit/btfkit/btf/modules"
)

// open returns an Opener of BTF that is in memory.
func open(data []byte) modules.Opener {
	return func(_ context.Context, base *btf.Spec) (*btf.Spec, error) {
		return btf.Parse(data, base)
	}
}

// A kernel with a module, and one that is damaged. Package elfx finds the files of a kernel's.
func ExampleCollection_Add() {
	kernel, err := btf.Parse(btftest.Kernel(nil), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	c := modules.New(kernel)
	defer c.Close()
	if err := errors.Join(c.Add("toy", "toy.ko", open(btftest.Module(kernel, nil))),
		c.Add("bad", "bad.ko", open(nil))); err != nil {
		fmt.Println(err)
		return
	}
	for t := range c.TypesByName("kfree_skb", btf.KindFunc) {
		fmt.Println(c.ModuleOf(t), t.Kind(), t.Name())
	}
	for _, p := range c.Problems() {
		fmt.Println(p.Path, "has a problem")
	}
	// Output:
	// vmlinux FUNC kfree_skb
	// toy FUNC kfree_skb
	// bad.ko has a problem
}

// A module is loaded anew, while others may read what was open of it.
func ExampleCollection_Replace() {
	kernel, err := btf.Parse(btftest.Kernel(nil), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	c := modules.New(kernel)
	defer c.Close()
	data := btftest.Module(kernel, nil)
	if err := c.Add("toy", "toy.ko", open(data)); err != nil {
		fmt.Println(err)
		return
	}
	t, err := c.TypeByName("toy_xmit")
	if err != nil {
		fmt.Println(err)
		return
	}
	retired, err := c.Replace("toy", "updates/toy.ko", open(data))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("still readable:", t.Name())
	for _, spec := range retired { // when nobody reads them any more
		spec.Close()
	}
	// Output: still readable: toy_xmit
}

// A module is unloaded: nobody gets it any more.
func ExampleCollection_Remove() {
	kernel, err := btf.Parse(btftest.Kernel(nil), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	c := modules.New(kernel)
	defer c.Close()
	if err := c.Add("toy", "toy.ko", open(btftest.Module(kernel, nil))); err != nil {
		fmt.Println(err)
		return
	}
	retired, err := c.Remove("toy")
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = c.Module(context.Background(), "toy")
	fmt.Println(slices.Collect(c.Names()), len(retired), errors.Is(err, btf.ErrNotFound))
	// Output: [] 0 true
}
