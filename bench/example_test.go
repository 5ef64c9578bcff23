package bench_test

import (
	"fmt"
	"log"

	"github.com/btfkit/btfkit/bench"
	"github.com/btfkit/btfkit/corpus/kernel"
)

// Every backend opens the same bytes and gives the same answers.
func ExampleBackends() {
	data, err := kernel.Bytes()
	if err != nil {
		log.Fatal(err)
	}
	for _, backend := range bench.Backends() {
		spec, err := backend.Parse(data, nil)
		if err != nil {
			log.Fatal(err)
		}
		t, err := spec.TypeByName("sk_buff")
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(backend.Name(), t.Kind(), t.Name())
		spec.Close()
	}
	// Output:
	// cache STRUCT sk_buff
	// mmap STRUCT sk_buff
	// arena STRUCT sk_buff
}
