package match

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// kernelNames returns n distinct names that resemble a kernel's: words joined by '_', among
// them the subsystems that the benchmarks look for.
func kernelNames(n int) []string {
	rng := rand.New(rand.NewPCG(4, 4))
	first := strings.Fields("tcp udp __x64_sys skb ext4 xfs btf pci acpi drm __bpf_trace nf usb " +
		"cgroup perf sched mm vfs net dev trace_event_raw kvm i915 blk snd rcu irq iommu crypto hci")
	words := strings.Fields("init exit send recv alloc free get put state queue work drop_reason " +
		"sk_buff ops info data read write register show store set device table list entry page " +
		"lock notify config map hash poll probe")
	names := make([]string, 0, n)
	seen := make(map[string]bool, n)
	for len(names) < n {
		name := first[rng.IntN(len(first))]
		for range 1 + rng.IntN(3) {
			name += "_" + words[rng.IntN(len(words))]
		}
		if rng.IntN(2) == 0 {
			name += fmt.Sprintf("%c%c", 'a'+rune(rng.IntN(26)), 'a'+rune(rng.IntN(26)))
		}
		if !seen[name] {
			seen[name] = true
			names = append(names, name)
		}
	}
	return names
}

// queries are the default set of the benchmark command.
var queries = []string{
	`^[[:alnum:]]+_drop_reason$`, `_drop_reason$`, `^tcp_`, `^(tcp|udp)_.*_(send|recv)`, `sk_buff`,
	`.*`, `^[a-z]{3}_[a-z]{3}$`, `(?i)SKB`, `^__x64_sys_.*`,
}

// hurtful patterns make a backtracking matcher exponential, or an automaton large.
var hurtful = []string{
	`(a*)*b`, `(x+x+)+y`, `.{0,200}x`, `(?:a|b|c){1,50}z`, `(_|e).{12}(_|e)`,
	`[aeiou].{8}[rst].{8}[aeiou]`, `^[a-z_]{12}[aeiou][a-z_]{12}`,
}

// benchmarkSelect times whole queries: packed names in order, and the same strings asked
// in no order among as many bytes of other strings.
func benchmarkSelect(b *testing.B, exprs []string, sizes ...int) {
	for _, n := range sizes {
		names := kernelNames(n)
		packed, inOrder := pack(names)
		section, scattered := pack(append(kernelNames(2 * n)[n:], names...))
		scattered = scattered[n:]
		rand.New(rand.NewPCG(5, 5)).Shuffle(n, func(i, j int) {
			scattered[i], scattered[j] = scattered[j], scattered[i]
		})
		for _, expr := range exprs {
			m, err := Compile(expr)
			if err != nil {
				b.Fatal(err)
			}
			for _, layout := range []struct {
				name, text string
				offs       []uint32
			}{{"packed", packed, inOrder}, {"scattered", section, scattered}} {
				b.Run(fmt.Sprintf("names=%d/layout=%s/%s", n, layout.name, expr), func(b *testing.B) {
					hits := make([]uint64, (n+63)/64)
					b.ReportAllocs()
					for b.Loop() {
						if err := m.Select(layout.text, layout.offs, hits); err != nil {
							b.Fatal(err)
						}
					}
				})
			}
		}
	}
}

func BenchmarkSelect(b *testing.B)  { benchmarkSelect(b, queries, 71_000) }
func BenchmarkHurtful(b *testing.B) { benchmarkSelect(b, hurtful, 71_000, 142_000) }
