// Variables of every sort for TestFixDatasec. Each line makes one object of it:
//
//	clang -O2 -g -target bpfel -c vars.c -o vars-el.o
//	clang -O2 -g -target bpfeb -c vars.c -o vars-eb.o
//
// The committed objects are from Debian's clang 14.0.6. What libbpf makes of them when it opens
// vars-el.o (bpf_object__open, bpf_object__btf) is in the test.
#define SEC(name) __attribute__((section(name), used))
#define hidden __attribute__((visibility("hidden")))
#define internal __attribute__((visibility("internal")))

struct pair {
	int value;
	struct pair *next;
};

long counted;
int zeroed;
hidden int concealed;
internal char inside;
static int own_bss;

int filled = 1;
__attribute__((weak)) short weakly = 2;
static volatile long own_data = 3;

const int fixed = 4;
static const volatile int own_fixed = 5;

SEC(".data.pairs") struct pair first = {6, &first};
SEC(".data.pairs") char between = 7;
SEC(".data.pairs") struct pair second = {8, &first};

extern int CONFIG_HZ __attribute__((section(".kconfig"), weak));
extern const int some_symbol __attribute__((section(".ksyms"), weak));
extern void some_function(void) __attribute__((section(".ksyms"), weak));

SEC("socket") int prog(void *ctx)
{
	own_bss += zeroed + (int)own_data + own_fixed + CONFIG_HZ + inside + concealed;
	counted += (long)&some_symbol;
	some_function();
	return own_bss;
}

char licensed[] SEC("license") = "GPL";
