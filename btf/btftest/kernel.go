package btftest

import (
	"encoding/binary"
	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/builder"
)

// Kernel returns BTF as of a small kernel: struct sk_buff and the functions around it,
// per-CPU variables, tags, anonymous types, names that several types have.
func Kernel(order binary.ByteOrder) []byte {
	b := builder.New(builder.Options{ByteOrder: order})
	k := kernelTypes(b)
	kernelStructs(b, &k)
	kernelFuncs(b, &k)
	return must(b)
}

// kernelIDs are the types that others refer to.
type kernelIDs struct {
	char, int, uint, ulong, bool, index btf.TypeID
	text, size                          btf.TypeID
	sock, skb, msghdr                   btf.TypeID // pointers to these structs
	reason                              btf.TypeID
}

func kernelTypes(b *builder.Builder) (k kernelIDs) {
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
		builder.Enumerator{Name: "SKB_NOT_DROPPED_YET"},
		builder.Enumerator{Name: "SKB_CONSUMED", Value: 1},
		builder.Enumerator{Name: "SKB_DROP_REASON_NO_SOCKET", Value: 3})
	b.Enum("", 4, true, builder.Enumerator{Name: "EOF", Value: -1})
	b.Enum64("", 8, false, builder.Enumerator{Name: "NETIF_F_ALL", Value: -1})
	b.Fwd("module", btf.KindStruct)
	return k
}

func kernelStructs(b *builder.Builder, k *kernelIDs) {
	head := b.Ptr(b.NextID() + 1)
	list := b.Struct("list_head", 16, builder.Member{Name: "next", Type: head},
		builder.Member{Name: "prev", Type: head, BitOffset: 64})
	b.Typedef("atomic_t", b.Struct("", 4, builder.Member{Name: "counter", Type: k.int}))
	refs := b.NextID() - 1

	k.sock = b.Ptr(b.NextID() + 1)
	b.Struct("sock", 24, builder.Member{Name: "sk_refcnt", Type: refs},
		builder.Member{Name: "sk_list", Type: list, BitOffset: 64})
	k.msghdr = b.Ptr(b.NextID() + 1)
	b.Struct("msghdr", 16, builder.Member{Name: "msg_name", Type: b.NextID() + 1},
		builder.Member{Name: "msg_namelen", Type: k.int, BitOffset: 64})
	b.Ptr(0)

	k.skb = b.Ptr(b.NextID() + 3)
	links := b.Union("", 16, builder.Member{Name: "list", Type: list},
		builder.Member{Name: "next", Type: k.skb})
	cb := b.Array(k.char, k.index, 48)
	b.Struct("sk_buff", 88, builder.Member{Type: links},
		builder.Member{Name: "sk", Type: k.sock, BitOffset: 128},
		builder.Member{Name: "cb", Type: cb, BitOffset: 192},
		builder.Member{Name: "len", Type: k.uint, BitOffset: 576},
		builder.Member{Name: "cloned", Type: k.uint, BitOffset: 608, BitfieldSize: 1},
		builder.Member{Name: "pkt_type", Type: k.uint, BitOffset: 609, BitfieldSize: 3},
		builder.Member{Name: "data", Type: k.text, BitOffset: 640})
}

func kernelFuncs(b *builder.Builder, k *kernelIDs) {
	proto := b.FuncProto(k.int, builder.Param{Name: "sk", Type: k.sock},
		builder.Param{Name: "msg", Type: k.msghdr}, builder.Param{Name: "size", Type: k.size})
	b.Func("tcp_sendmsg", proto, btf.LinkageStatic)
	b.Func("udp_sendmsg", proto, btf.LinkageStatic)
	proto = b.FuncProto(0, builder.Param{Name: "skb", Type: k.skb})
	b.Func("consume_skb", proto, btf.LinkageStatic)
	b.Func("kfree_skb", proto, btf.LinkageStatic)
	proto = b.FuncProto(0, builder.Param{Name: "sk", Type: k.sock},
		builder.Param{Name: "skb", Type: k.skb}, builder.Param{Name: "reason", Type: k.reason})
	drop := b.Func("sk_skb_reason_drop", proto, btf.LinkageStatic)
	b.DeclTag("bpf_kfunc", drop, -1)
	b.DeclTag("nullable", drop, 0)
	b.Func("_printk", b.FuncProto(k.int, builder.Param{Name: "fmt", Type: k.text},
		builder.Param{}), btf.LinkageStatic)
	user := b.Ptr(b.TypeTag("user", k.char))
	b.Func("strnlen_user", b.FuncProto(k.ulong, builder.Param{Name: "str", Type: user},
		builder.Param{Name: "n", Type: k.ulong}), btf.LinkageStatic)
	b.Func("list_head", b.FuncProto(0), btf.LinkageStatic) // as a struct's name
	cpu := b.Var("cpu_number", b.Volatile(k.int), btf.LinkageGlobal)
	current := b.Var("current_skb", b.Restrict(k.skb), btf.LinkageGlobal)
	b.Datasec(".data..percpu", 16, builder.VarSecinfo{Type: cpu, Size: 4},
		builder.VarSecinfo{Type: current, Offset: 8, Size: 8})
}

// Module returns BTF as of a module, split from base, which must be Kernel. It defines a
// struct that the base only declares (module), has names that the base has, too
// (kfree_skb), and types that refer to types of the base.
func Module(base *btf.Spec, order binary.ByteOrder) []byte {
	b := builder.New(builder.Options{Base: base, ByteOrder: order})
	integer, skb := typeID(base, "int", btf.KindInt), typeID(base, "sk_buff", btf.KindStruct)
	b.Struct("module", 4, builder.Member{Name: "state", Type: b.NextID() + 1})
	b.Enum("", 4, false, builder.Enumerator{Name: "MODULE_STATE_LIVE"},
		builder.Enumerator{Name: "MODULE_STATE_GONE", Value: 2})
	skbs := b.Ptr(skb)
	device := b.Struct("toy_device", 16, builder.Member{Name: "queue", Type: skbs},
		builder.Member{Name: "len", Type: integer, BitOffset: 64})
	devices := b.Ptr(device)
	b.Func("toy_xmit", b.FuncProto(integer, builder.Param{Name: "skb", Type: skbs},
		builder.Param{Name: "dev", Type: devices}), btf.LinkageStatic)
	b.Func("kfree_skb", b.FuncProto(0, builder.Param{Name: "skb", Type: skbs}),
		btf.LinkageStatic)
	b.Func("init_module", b.FuncProto(integer), btf.LinkageStatic)
	return must(b)
}

// Plugin returns BTF split from base, which must be Module, itself split. It refers to
// all sections below it and shares names with each.
func Plugin(base *btf.Spec, order binary.ByteOrder) []byte {
	b := builder.New(builder.Options{Base: base, ByteOrder: order})
	b.Struct("toy_plugin", 8, builder.Member{Name: "dev", Type: b.NextID() + 1})
	b.Ptr(typeID(base, "toy_device", btf.KindStruct))
	b.Ptr(typeID(base, "sk_buff", btf.KindStruct))
	b.Func("kfree_skb", b.FuncProto(0, builder.Param{Name: "skb", Type: b.NextID() - 1}),
		btf.LinkageStatic)
	b.Typedef("plugin_t", b.NextID()-5)
	return must(b)
}

func typeID(spec *btf.Spec, name string, kind btf.Kind) btf.TypeID {
	t, err := spec.TypeByName(name, kind)
	if err != nil {
		panic(name + ": " + err.Error())
	}
	return t.ID()
}

// Names returns BTF whose names are unusual, but legal for a reader: in no encoding,
// with spaces, long, empty in roundabout ways, in the middle of others, on kinds that
// have none.
func Names(order binary.ByteOrder) []byte {
	b := builder.New(builder.Options{ByteOrder: order})
	for _, name := range []string{"plain", "\xff\xfe", "h\xc3\xa9llo", "h\xe9llo", "a b", ".",
		"\t\n", "1", "plain_and_more", "plai", LongName} {
		b.Fwd(name, btf.KindStruct)
	}
	whole := b.Intern("prefix_suffix")
	b.Raw(builder.RawType{Kind: btf.KindFwd, NameOffset: whole})
	b.Raw(builder.RawType{Kind: btf.KindFwd, NameOffset: whole + 7})  // "suffix"
	b.Raw(builder.RawType{Kind: btf.KindFwd, NameOffset: whole + 12}) // "x"
	b.Fwd("suffix", btf.KindUnion)
	// Its name is empty, but its offset is not 0: still anonymous.
	b.Raw(builder.RawType{Kind: btf.KindStruct, NameOffset: whole + 13})
	b.Raw(builder.RawType{Kind: btf.KindFwd, NameOffset: whole + 13})
	b.Raw(builder.RawType{Kind: btf.KindPtr, NameOffset: b.Intern("pointer")})
	b.Raw(builder.RawType{Kind: btf.KindConst, NameOffset: b.Intern("plain")})
	b.Struct("", 0)
	b.Union("", 0)
	b.Enum("", 4, false)
	b.Enum64("", 8, false)
	b.Int("", 4, btf.Int{Bits: 32}) // nameless, which is not the same as anonymous
	b.Raw(builder.RawType{Kind: btf.KindTypedef})
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
