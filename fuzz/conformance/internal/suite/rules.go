package suite

import "github.com/btfkit/btfkit/corpus/malformed"

// The files that state rules.
const (
	kernelFile = "kernel/bpf/btf.c"
	headerFile = "include/uapi/linux/btf.h"
	docFile    = "Documentation/bpf/btf.rst"
	libbpfFile = "tools/lib/bpf/btf.c"
)

// observed is the Linux that was given the blobs of the catalogue; see package malformed.
const observed = "6.18"

// A rule is what the suite adds to a row of the catalogue.
type rule struct {
	verdict               Verdict
	file, function, since string
}

// exceptions has the rows whose verdict does not follow from the catalogue's. The kernel accepts
// the first, so that a parser has no reason to refuse them; the second are what the catalogue
// accepts and the kernel refuses from users, or only some versions of it accept.
var exceptions = map[int]Verdict{
	48: Accept, 49: Accept, 55: Accept, 66: Accept,
	17: Either, 21: Either, 29: Either, 60: Either, 80: Either,
}

// functions has, for each row of the catalogue, who states the rule in kernel/bpf/btf.c. They were
// compared with the source of Linux 6.12, and with what the verifier of 6.18 logged for each case
// that users may load; the log of 5, 6 and 101 has what else is wrong then.
var functions = ranges{
	{1, 9, "btf_parse_hdr"}, {10, 11, "btf_check_sec_info"}, {12, 12, "btf_parse_str_sec"},
	{13, 13, "btf_check_sec_info"}, {14, 14, "btf_parse_type_sec"},
	{15, 16, "btf_check_sec_info"}, {17, 17, "btf_parse_type_sec"}, {18, 18, "btf_parse_str_sec"},
	{19, 19, "btf_check_meta"}, {20, 20, "btf_check_meta, *_check_meta of the kind"},
	{21, 21, "btf_parse (BTF_MAX_SIZE)"}, {22, 22, "btf_add_type (BTF_MAX_TYPE)"},
	{30, 33, "btf_check_meta"}, {35, 36, "btf_check_meta"}, {37, 38, "*_check_meta of the kind"},
	{39, 40, "btf_parse_str_sec"}, {41, 41, "btf_check_meta (btf_name_offset_valid)"},
	{42, 42, "*_check_meta of the kind, btf_func_proto_check"},
	{43, 43, "btf_name_offset_valid"}, {44, 44, "btf_parse_str_sec"},
	{45, 47, "btf_name_valid_identifier"}, {48, 55, "btf_int_check_meta"},
	{56, 56, "btf_resolve, *_resolve of the kind"}, {57, 58, "env_stack_push"},
	{59, 60, "env_stack_push (MAX_RESOLVE_DEPTH)"},
	{61, 62, "*_check_meta of the kind"}, {63, 63, "btf_check_type_tags"},
	{64, 64, "btf_ref_type_check_meta, btf_decl_tag_check_meta"},
	{65, 66, "btf_ptr_resolve, btf_modifier_resolve"}, {67, 67, "btf_array_resolve"},
	{68, 68, "btf_array_check_meta"}, {69, 69, "env_stack_push"}, {70, 71, "btf_array_resolve"},
	{72, 72, "btf_struct_resolve"}, {73, 73, "btf_struct_check_meta"},
	{74, 74, "btf_struct_check_meta, *_check_member of the kind"},
	{75, 75, "btf_struct_check_meta"}, {76, 76, "env_stack_push"},
	{77, 77, "btf_struct_check_meta"}, {78, 78, "btf_int_check_kflag_member"},
	{79, 79, "btf_generic_check_kflag_member"}, {80, 80, "btf_enum_check_kflag_member"},
	{81, 81, "btf_array_check_meta"}, {82, 84, "btf_enum_check_meta, btf_enum64_check_meta"},
	{85, 85, "btf_fwd_check_meta"}, {86, 86, "btf_func_check"}, {87, 88, "btf_func_check_meta"},
	{89, 89, "btf_func_proto_check"}, {90, 90, "btf_func_check"}, {91, 91, "btf_var_resolve"},
	{92, 93, "btf_var_check_meta"}, {94, 95, "btf_datasec_check_meta"},
	{96, 97, "btf_datasec_resolve"}, {98, 98, "btf_float_check_meta"},
	{99, 99, "btf_decl_tag_check_meta, btf_decl_tag_resolve"}, {100, 100, "btf_decl_tag_resolve"},
	{101, 101, "btf_parse_str_sec"}, {102, 103, "btf_parse_module"},
}

// elsewhere has the rows that other files state, or later versions of Linux.
var elsewhere = map[int]rule{
	5:  {file: headerFile, function: "struct btf_header", since: "4.18"},
	6:  {file: headerFile, function: "struct btf_header", since: "4.18"},
	23: {file: docFile, function: "2. BTF Type and String Encoding (magic)", since: "4.18"},
	24: {file: docFile, function: "2. BTF Type and String Encoding (magic)", since: "4.18"},
	25: {file: headerFile, function: "struct btf_header", since: "7.1"},
	26: {file: libbpfFile, function: "btf_parse_hdr", since: "7.1"},
	27: {file: libbpfFile, function: "btf_parse_hdr", since: "7.1"},
	28: {file: libbpfFile, function: "btf_type_size", since: "7.1"},
	29: {file: libbpfFile, function: "btf_type_size", since: "7.1"},
	34: {file: headerFile, function: "BTF_INFO_VLEN", since: "7.2"},
}

// ranges are rows from first to last with their function.
type ranges []struct {
	first, last int
	function    string
}

// ruleOf returns what the suite says of a case of the catalogue.
func ruleOf(c malformed.Case) rule {
	r, ok := elsewhere[c.Row]
	if !ok {
		r = rule{file: kernelFile, since: observed}
		for _, f := range functions {
			if f.first <= c.Row && c.Row <= f.last {
				r.function = f.function
			}
		}
	}
	switch c.Verdict {
	case malformed.Open, malformed.Verify:
		r.verdict = Reject
	case malformed.Sound:
		r.verdict = Accept
	default:
		r.verdict = Either
	}
	if v, ok := exceptions[c.Row]; ok {
		r.verdict = v
	}
	return r
}

// link leads to a file of Linux at a version. The document is younger than the rules in it.
func link(file, version string) string {
	if file == docFile {
		version = observed
	}
	return "https://github.com/torvalds/linux/blob/v" + version + "/" + file
}
