package cdump

import (
	"slices"
	"strings"

	"github.com/btfkit/btfkit/btf"
)

const headerStart = `#ifndef __VMLINUX_H__
#define __VMLINUX_H__

#ifndef BPF_NO_PRESERVE_ACCESS_INDEX
#pragma clang attribute push (__attribute__((preserve_access_index)), apply_to = record)
#endif

#ifndef __ksym
#define __ksym __attribute__((section(".ksyms")))
#endif

#ifndef __weak
#define __weak __attribute__((weak))
#endif

#ifndef __bpf_fastcall
#if __has_attribute(bpf_fastcall)
#define __bpf_fastcall __attribute__((bpf_fastcall))
#else
#define __bpf_fastcall
#endif
#endif

`

const headerEnd = `#ifndef BPF_NO_PRESERVE_ACCESS_INDEX
#pragma clang attribute pop
#endif

#endif /* __VMLINUX_H__ */
`

// kfuncs writes the prototypes of the functions that are tagged as callable from BPF programs,
// sorted by name.
func (p *printer) kfuncs(spec *btf.Spec) {
	p.write("\n/* BPF kfuncs */\n#ifndef BPF_NO_KFUNC_PROTOTYPES\n")
	var callable []btf.Type
	fast := map[btf.Type]bool{}
	for tag := range spec.TypesByKind(btf.KindDeclTag) {
		fn := tag.Target()
		if i, _ := tag.ComponentIndex(); i != -1 || fn.Kind() != btf.KindFunc {
			continue
		}
		switch {
		case tag.NameIs("bpf_kfunc"):
			callable = append(callable, fn)
			p.spendLimit(len(nameOf(fn)))
		case tag.NameIs("bpf_fastcall"):
			fast[fn] = true
		}
	}
	slices.SortStableFunc(callable, func(a, b btf.Type) int {
		return strings.Compare(nameOf(a), nameOf(b))
	})
	for _, fn := range callable {
		p.write("extern ")
		if fast[fn] {
			p.write("__bpf_fastcall ")
		}
		p.declare(p.target(fn), nameOf(fn), 0)
		p.write(" __weak __ksym;\n")
	}
	p.write("#endif\n\n")
}
