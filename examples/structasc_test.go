package examples

import (
	"log"
	"os"

	"github.com/btfkit/btfkit/backends/cache"
	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/cdump"
)

// A struct as C with all that it needs, to be compiled into a BPF program.
func Example_structAsC() {
	kernel, err := cache.Open(old, nil)
	if err != nil {
		log.Fatal(err)
	}
	defer kernel.Close()
	t, err := kernel.TypeByName("ipv4_devconf", btf.KindStruct)
	if err != nil {
		log.Fatal(err)
	}
	err = cdump.Definitions(os.Stdout, kernel, cdump.Options{Asserts: true}, t)
	if err != nil {
		log.Fatal(err)
	}
	// Output:
	// struct ipv4_devconf {
	// 	void *sysctl;
	// 	int data[33];
	// 	long unsigned int state[1];
	// };
	//
	// _Static_assert(sizeof(struct ipv4_devconf) == 152, "");
	// _Static_assert(__builtin_offsetof(struct ipv4_devconf, sysctl) == 0, "");
	// _Static_assert(__builtin_offsetof(struct ipv4_devconf, data) == 8, "");
	// _Static_assert(__builtin_offsetof(struct ipv4_devconf, state) == 144, "");
}
