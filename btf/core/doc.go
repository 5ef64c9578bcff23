// Package core reads what compilers leave beside the BTF of BPF objects, the section .BTF.ext, and
// works out its CO-RE relocations: what the instructions of an object have to say on a kernel that
// is not the one it was compiled for.
//
//	ext, err := core.Parse(data.Ext, object) // data is elfx's, object the *btf.Spec of data.BTF
//	r := core.NewResolver(kernel)
//	for relo := range ext.Relocations() {
//		v, err := r.Resolve(relo)
//		fmt.Println(relo, v)
//	}
//
// The format is that of struct btf_ext_header (libbpf 1.7, libbpf_internal.h) and of struct
// bpf_core_relo (include/uapi/linux/bpf.h, Linux 5.17); the rules are libbpf's (relo_core.c).
package core
