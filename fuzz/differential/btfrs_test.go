package differential

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/modules"
	"github.com/btfkit/btfkit/fuzz/internal/blobs"
	"github.com/btfkit/btfkit/fuzz/oracle"
)

// The integration tests of btf-rs 2.0 (tests/integration_test.rs), restated: each entry names
// the test it stands for and says what is asserted there, and its function asserts it of a
// kernel of ours, which has other ids and sizes. They ran on one kernel and openvswitch; here
// it is Debian's 6.1 kernel, the last in the corpus with kfree_skb_reason, and its vhost_net.
const (
	btfrsKernel = "deb-6.1-cloud-amd64/vmlinux"
	btfrsModule = "deb-6.1-cloud-amd64/vhost_net"
)

var btfrsTable = []struct {
	test, asserts string
	split         bool // of split BTF only
	check         func(*btf.Spec) error
}{
	{"btf_api", "unknown names have no ids", false, hasIDs("not_a_known_name")},
	{"btf_api", "a long unknown name of odd bytes has no ids", false,
		hasIDs("not_a_known_name_but_a_very_long_one_#$%^!()';]/")},
	{"btf_api", "int has its id", false, hasIDs("int", 28)},
	{"btf_api", "u64 has its id", false, hasIDs("u64", 45)},
	{"btf_api", "sk_buff has its id", false, hasIDs("sk_buff", 922)},
	{"btf_api", "a function has its id", false, hasIDs("consume_skb", 83843)},
	{"btf_api", "id 0 is void", false, hasKind(0, btf.KindVoid)},
	{"btf_api", "the greatest id is an error", false, func(s *btf.Spec) error {
		if _, err := s.TypeByID(1<<32 - 1); !errors.Is(err, btf.ErrNotFound) {
			return fmt.Errorf("error %v", err)
		}
		return nil
	}},
	{"btf_api", "the id of int is an INT", false, hasKind(28, btf.KindInt)},
	{"btf_api", "the id of u64 is a TYPEDEF", false, hasKind(45, btf.KindTypedef)},
	{"btf_api", "the id of sk_buff is a STRUCT", false, hasKind(922, btf.KindStruct)},
	{"btf_api", "the id of a function is a FUNC", false, hasKind(83843, btf.KindFunc)},
	{"btf_api", "an unknown function has no types", false, hasTypes("not_a_known_function")},
	{"btf_api", "int is one INT", false, hasTypes("int", btf.KindInt)},
	{"btf_api", "u64 is one TYPEDEF", false, hasTypes("u64", btf.KindTypedef)},
	{"btf_api", "kfree is one FUNC", false, hasTypes("kfree", btf.KindFunc)},
	{"btf_api", "sk_buff is one STRUCT", false, hasTypes("sk_buff", btf.KindStruct)},
	{"resolve_anon_name", "types named \"\" include the enum of IPPROTO_IP, whose name is \"\"",
		false, func(s *btf.Spec) error {
			ids, err := s.IDsByName("")
			return findAnonymous(s, ids, err)
		}},
	{"resolve_anon_name", "a CONST has no name", false, constHasNoName},
	{"resolve_anon_regex", "the same by the expression ^$", false, func(s *btf.Spec) error {
		ids, err := s.IDsByMatch(btf.MustMatcher("^$"))
		return findAnonymous(s, ids, err)
	}},
	{"iter_types", "behind a FUNC come its prototype and nothing else", false,
		chainOfFunction},
	{"iter_types", "behind sk_buff.mac_len come a TYPEDEF and an INT", false, chainOfMember},
	{"bijection", "kfree's name is kfree, found by name and by id", false, bijection("kfree")},
	{"resolve_function", "kfree_skb_reason, its linkage, prototype, parameters, their types",
		false, resolveFunction},
	{"resolve_function", "sk_buff's size, members, and the type of truesize", false, resolveStruct},
	{"double_split", "a split of a split is refused there; here it opens", true, doubleSplit},
	{"resolve_split_struct", "the members of a module's struct by name", true, resolveSplitStruct},
	{"resolve_split_func", "a module's function, its parameters in the module and in the base",
		true, resolveSplitFunc},
	{"resolve_regex", "an expression finds enums of the base", false,
		matchesEnums(`^[[:alnum:]]+_drop_reason$`, "skb_drop_reason")},
	{"resolve_regex", "an expression finds enums of the base and of the module", true,
		matchesEnums(`^[[:alpha:]]+_(uaddr_type|drop_reason)$`, "skb_drop_reason", "vhost_uaddr_type")},
}

// TestBtfrs checks the table on the kernel in every backend, from a file and from bytes, and on
// the module in every backend over the kernel in every backend.
func TestBtfrs(t *testing.T) {
	kernel, module := blobs.Find(t, btfrsKernel), blobs.Find(t, btfrsModule)
	path := filepath.Join(t.TempDir(), "vmlinux")
	if err := os.WriteFile(path, kernel.Bytes(t), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, backend := range oracle.Backends {
		base := kernel.Open(t, backend)
		checkBtfrs(t, backend.Name()+"/bytes", base, false)
		file, err := backend.Open(path, nil)
		if err != nil {
			t.Fatal(err)
		}
		checkBtfrs(t, backend.Name()+"/file", file, false)
		for _, own := range oracle.Backends {
			split, err := own.Parse(module.Bytes(t), file)
			if err != nil {
				t.Fatal(err)
			}
			checkBtfrs(t, backend.Name()+"/split in "+own.Name(), split, true)
			split.Close()
		}
		file.Close()
	}
}

func checkBtfrs(t *testing.T, name string, spec *btf.Spec, split bool) {
	t.Run(name, func(t *testing.T) {
		for _, row := range btfrsTable {
			if row.split && !split {
				continue
			}
			if err := row.check(spec); err != nil {
				t.Errorf("%s: %s: %v", row.test, row.asserts, err)
			}
		}
	})
}

// TestBtfrsWrongInput restates wrong_input: missing files, empty bytes, as a base and split.
func TestBtfrsWrongInput(t *testing.T) {
	for _, backend := range oracle.Backends {
		if _, err := backend.Open("/does/not/exist", nil); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s: a missing file: %v", backend.Name(), err)
		}
		if _, err := backend.Parse(nil, nil); !errors.Is(err, btf.ErrCorrupt) {
			t.Errorf("%s: no bytes: %v", backend.Name(), err)
		}
		base := blobs.Find(t, btfrsKernel).Open(t, backend)
		if _, err := backend.Parse(nil, base); !errors.Is(err, btf.ErrCorrupt) {
			t.Errorf("%s: no bytes of a split: %v", backend.Name(), err)
		}
		c := modules.New(base)
		if err := c.Add("foo", "", func(_ context.Context, base *btf.Spec) (*btf.Spec, error) {
			return backend.Parse(nil, base)
		}); err != nil {
			t.Fatal(err)
		}
		_, err := c.Module(context.Background(), "foo")
		if !errors.Is(err, btf.ErrCorrupt) || len(c.Problems()) != 1 {
			t.Errorf("%s: an empty module: %v", backend.Name(), err)
		}
	}
}

// TestBtfrsCollection restates btfc and btfc_resolve_regex.
func TestBtfrsCollection(t *testing.T) {
	module := blobs.Find(t, btfrsModule)
	for _, backend := range oracle.Backends {
		t.Run(backend.Name(), func(t *testing.T) {
			c := modules.New(blobs.Find(t, btfrsKernel).Open(t, backend))
			if err := c.Add("vhost_net", "", func(_ context.Context, base *btf.Spec) (*btf.Spec, error) {
				return backend.Parse(module.Bytes(t), base)
			}); err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			for name, from := range map[string]string{"kfree": "vmlinux", "vhost_net_open": "vhost_net"} {
				typ, err := c.TypeByName(name)
				if err != nil || typ.Kind() != btf.KindFunc || typ.Name() != name ||
					c.ModuleOf(typ) != from {
					t.Errorf("%s: %v in %s, %v", name, typ, c.ModuleOf(typ), err)
				}
			}
			if _, err := c.Module(context.Background(), "invalid_module"); !errors.Is(err, btf.ErrNotFound) {
				t.Errorf("an unknown module: %v", err)
			}
			m, err := c.Module(context.Background(), "vhost_net")
			if err != nil {
				t.Fatal(err)
			}
			if err := hasTypes("vhost_net_open", btf.KindFunc)(m); err != nil {
				t.Error(err)
			}
			var enums []string
			for typ := range c.TypesByMatch(btf.MustMatcher(`^[[:alpha:]]+_(uaddr_type|drop_reason)$`)) {
				enums = append(enums, typ.Name())
			}
			if !slices.Equal(enums, []string{"skb_drop_reason", "vhost_uaddr_type"}) {
				t.Errorf("enums %v", enums)
			}
		})
	}
}
