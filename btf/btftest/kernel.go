package btftest

import "github.com/btfkit/btfkit/btf"

// Kernel returns BTF like that of a small kernel: struct sk_buff and the functions
// around it, per-CPU variables, tags, anonymous types, names that several types have.
func Kernel(bigEndian bool) []byte {
	b := btf.NewBuilder(btf.BuilderOptions{BigEndian: bigEndian})
	k := kernelTypes(b)
	kernelStructs(b, &k)
	kernelFuncs(b, &k)
	return must(b)
}

// kernelIDs are the types that others refer to.
type kernelIDs struct {
	char, int, uint, ulong, bool, index btf.ID
	text, size                          btf.ID
	sock, skb, msghdr                   btf.ID // pointers to these structs
	reason                              btf.ID
}

func kernelTypes(b *btf.Builder) (k kernelIDs) {
	k.char = b.Int("char", 1, btf.Int{Encoding: btf.IntSigned, Bits: 8})
	k.int = b.Int("int", 4, btf.Int{Encoding: btf.IntSigned, Bits: 32})
	k.uint = b.Int("unsigned int", 4, btf.Int{Bits: 32})
	k.ulong = b.Int("long unsigned int", 8, btf.Int{Bits: 64})
	k.bool = b.Int("_Bool", 1, btf.Int{Encoding: btf.IntBool, Bits: 8})
	k.index = b.Int("__ARRAY_SIZE_TYPE__", 4, btf.Int{Bits: 32})
	k.text = b.Ptr(b.Const(k.char))
	k.size = b.Typedef("size_t", b.Typedef("__kernel_size_t", k.ulong))
	b.Typedef("u32", k.uint)
	b.Typedef("bool", k.bool)
	b.Float("double", 8)
	k.reason = b.Enum("skb_drop_reason", 4, false,
		btf.EnumeratorSpec{Name: "SKB_NOT_DROPPED_YET"},
		btf.EnumeratorSpec{Name: "SKB_CONSUMED", Value: 1},
		btf.EnumeratorSpec{Name: "SKB_DROP_REASON_NO_SOCKET", Value: 3})
	b.Enum("", 4, true, btf.EnumeratorSpec{Name: "EOF", Value: -1})
	b.Enum64("", 8, false, btf.EnumeratorSpec{Name: "NETIF_F_ALL", Value: -1})
	b.Fwd("module", btf.KindStruct)
	return k
}

func kernelStructs(b *btf.Builder, k *kernelIDs) {
	head := b.Ptr(b.NextID() + 1)
	list := b.Struct("list_head", 16, btf.MemberSpec{Name: "next", Type: head},
		btf.MemberSpec{Name: "prev", Type: head, BitOffset: 64})
	b.Typedef("atomic_t", b.Struct("", 4, btf.MemberSpec{Name: "counter", Type: k.int}))
	refs := b.NextID() - 1

	k.sock = b.Ptr(b.NextID() + 1)
	b.Struct("sock", 24, btf.MemberSpec{Name: "sk_refcnt", Type: refs},
		btf.MemberSpec{Name: "sk_list", Type: list, BitOffset: 64})
	k.msghdr = b.Ptr(b.NextID() + 1)
	b.Struct("msghdr", 16, btf.MemberSpec{Name: "msg_name", Type: b.NextID() + 1},
		btf.MemberSpec{Name: "msg_namelen", Type: k.int, BitOffset: 64})
	b.Ptr(0)

	k.skb = b.Ptr(b.NextID() + 3)
	links := b.Union("", 16, btf.MemberSpec{Name: "list", Type: list},
		btf.MemberSpec{Name: "next", Type: k.skb})
	cb := b.Array(k.char, k.index, 48)
	b.Struct("sk_buff", 88, btf.MemberSpec{Type: links},
		btf.MemberSpec{Name: "sk", Type: k.sock, BitOffset: 128},
		btf.MemberSpec{Name: "cb", Type: cb, BitOffset: 192},
		btf.MemberSpec{Name: "len", Type: k.uint, BitOffset: 576},
		btf.MemberSpec{Name: "cloned", Type: k.uint, BitOffset: 608, BitfieldSize: 1},
		btf.MemberSpec{Name: "pkt_type", Type: k.uint, BitOffset: 609, BitfieldSize: 3},
		btf.MemberSpec{Name: "data", Type: k.text, BitOffset: 640})
}

func kernelFuncs(b *btf.Builder, k *kernelIDs) {
	proto := b.FuncProto(k.int, btf.ParamSpec{Name: "sk", Type: k.sock},
		btf.ParamSpec{Name: "msg", Type: k.msghdr}, btf.ParamSpec{Name: "size", Type: k.size})
	b.Func("tcp_sendmsg", proto, btf.LinkageStatic)
	b.Func("udp_sendmsg", proto, btf.LinkageStatic)
	proto = b.FuncProto(0, btf.ParamSpec{Name: "skb", Type: k.skb})
	b.Func("consume_skb", proto, btf.LinkageStatic)
	b.Func("kfree_skb", proto, btf.LinkageStatic)
	proto = b.FuncProto(0, btf.ParamSpec{Name: "sk", Type: k.sock},
		btf.ParamSpec{Name: "skb", Type: k.skb}, btf.ParamSpec{Name: "reason", Type: k.reason})
	drop := b.Func("sk_skb_reason_drop", proto, btf.LinkageStatic)
	b.DeclTag("bpf_kfunc", drop, -1)
	b.DeclTag("nullable", drop, 0)
	b.Func("_printk", b.FuncProto(k.int, btf.ParamSpec{Name: "fmt", Type: k.text},
		btf.ParamSpec{}), btf.LinkageStatic)
	user := b.Ptr(b.TypeTag("user", k.char))
	b.Func("strnlen_user", b.FuncProto(k.ulong, btf.ParamSpec{Name: "str", Type: user},
		btf.ParamSpec{Name: "n", Type: k.ulong}), btf.LinkageStatic)
	b.Func("list_head", b.FuncProto(0), btf.LinkageStatic) // as a struct's name
	cpu := b.Var("cpu_number", b.Volatile(k.int), btf.LinkageGlobal)
	current := b.Var("current_skb", b.Restrict(k.skb), btf.LinkageGlobal)
	b.Datasec(".data..percpu", 16, btf.VarSecinfoSpec{Type: cpu, Size: 4},
		btf.VarSecinfoSpec{Type: current, Offset: 8, Size: 8})
}

// Module returns BTF like that of a module, split from base, which must be Kernel. It
// has a definition of what the base only declares (module), names that the base has, too
// (kfree_skb), and types that refer to the base.
func Module(base *btf.Spec, bigEndian bool) []byte {
	b := btf.NewBuilder(btf.BuilderOptions{Base: base, BigEndian: bigEndian})
	integer, skb := typeID(base, "int", btf.KindInt), typeID(base, "sk_buff", btf.KindStruct)
	b.Struct("module", 4, btf.MemberSpec{Name: "state", Type: b.NextID() + 1})
	b.Enum("", 4, false, btf.EnumeratorSpec{Name: "MODULE_STATE_LIVE"},
		btf.EnumeratorSpec{Name: "MODULE_STATE_GONE", Value: 2})
	skbs := b.Ptr(skb)
	device := b.Struct("toy_device", 16, btf.MemberSpec{Name: "queue", Type: skbs},
		btf.MemberSpec{Name: "len", Type: integer, BitOffset: 64})
	devices := b.Ptr(device)
	b.Func("toy_xmit", b.FuncProto(integer, btf.ParamSpec{Name: "skb", Type: skbs},
		btf.ParamSpec{Name: "dev", Type: devices}), btf.LinkageStatic)
	b.Func("kfree_skb", b.FuncProto(0, btf.ParamSpec{Name: "skb", Type: skbs}),
		btf.LinkageStatic)
	b.Func("init_module", b.FuncProto(integer), btf.LinkageStatic)
	return must(b)
}

// Plugin returns BTF split from base, which must be Module, itself split. It refers to
// all sections below it and shares names with each.
func Plugin(base *btf.Spec, bigEndian bool) []byte {
	b := btf.NewBuilder(btf.BuilderOptions{Base: base, BigEndian: bigEndian})
	b.Struct("toy_plugin", 8, btf.MemberSpec{Name: "dev", Type: b.NextID() + 1})
	b.Ptr(typeID(base, "toy_device", btf.KindStruct))
	b.Ptr(typeID(base, "sk_buff", btf.KindStruct))
	b.Func("kfree_skb", b.FuncProto(0, btf.ParamSpec{Name: "skb", Type: b.NextID() - 1}),
		btf.LinkageStatic)
	b.Typedef("plugin_t", b.NextID()-5)
	return must(b)
}

func typeID(spec *btf.Spec, name string, kind btf.Kind) btf.ID {
	t, err := spec.TypeByName(name, kind)
	if err != nil {
		panic(name + ": " + err.Error())
	}
	return t.ID()
}

// Names returns BTF whose names are unusual, but legal for a reader: in no encoding,
// with spaces, long, empty in roundabout ways, in the middle of others, on kinds that
// have none.
func Names(bigEndian bool) []byte {
	b := btf.NewBuilder(btf.BuilderOptions{BigEndian: bigEndian})
	for _, name := range []string{"plain", "\xff\xfe", "h\xc3\xa9llo", "h\xe9llo", "a b", ".",
		"\t\n", "1", "plain_and_more", "plai", LongName} {
		b.Fwd(name, btf.KindStruct)
	}
	whole := b.Intern("prefix_suffix")
	b.Raw(btf.RawType{Kind: btf.KindFwd, NameOffset: whole})
	b.Raw(btf.RawType{Kind: btf.KindFwd, NameOffset: whole + 7})  // "suffix"
	b.Raw(btf.RawType{Kind: btf.KindFwd, NameOffset: whole + 12}) // "x"
	b.Fwd("suffix", btf.KindUnion)
	// Its name is empty, but its offset is not 0: still anonymous.
	b.Raw(btf.RawType{Kind: btf.KindStruct, NameOffset: whole + 13})
	b.Raw(btf.RawType{Kind: btf.KindFwd, NameOffset: whole + 13})
	b.Raw(btf.RawType{Kind: btf.KindPtr, NameOffset: b.Intern("pointer")})
	b.Raw(btf.RawType{Kind: btf.KindConst, NameOffset: b.Intern("plain")})
	b.Struct("", 0)
	b.Union("", 0)
	b.Enum("", 4, false)
	b.Enum64("", 8, false)
	b.Int("", 4, btf.Int{Bits: 32}) // nameless, which is not the same as anonymous
	b.Raw(btf.RawType{Kind: btf.KindTypedef})
	return must(b)
}

// LongName is a name in Names, longer than the kernel allows (512 bytes).
var LongName = string(longName[:])

var longName = func() (name [3000]byte) {
	for i := range name {
		name[i] = 'a' + byte(i%26)
	}
	return name
}()
