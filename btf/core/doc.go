// Package core reads the section .BTF.ext, which compilers write beside the BTF of a BPF object,
// and resolves its CO-RE relocations: the values that the instructions of the object need on a
// kernel other than the one that it was compiled for.
//
//	ext, err := core.Parse(data.Ext, object) // data is elfx's, object the *btf.Spec of data.BTF
//	r := core.NewResolver(kernel)
//	for relo := range ext.Relocations() {
//		v, err := r.Resolve(relo)
//		fmt.Println(relo, v)
//	}
//
// struct btf_ext_header (libbpf 1.7, libbpf_internal.h) and struct bpf_core_relo
// (include/uapi/linux/bpf.h, Linux 5.17) define the format; libbpf's relo_core.c has the rules.
package core
