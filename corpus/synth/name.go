package synth

// syllables are 64 digits in ascending order and of equal length, so that names made of the same
// number of them are ordered as their numbers are.
const syllables = "" +
	"addallarpbarbiobitbpfbufbuscfgcpucrcdevdmadpmdrvephextfibfilgenget" +
	"gpuhaphubidxinoipcirqjitkeylenlogmapmemmmcmsgnetnfsnodopspagpcipid" +
	"rcuregresrpcrtcscssetskbsyntagtcptlbttyudpusbvfsvmxxfsxmtzap"

// syllable returns digit d of 64.
func syllable(d uint64) string { return syllables[d*3 : d*3+3] }

// namer makes the names of one section: identifiers such as "net_add_tcp_ops".
type namer struct {
	digits int    // that tell names apart
	mean   int    // of the length, in bytes
	seed   uint64 // of what follows the digits
	buf    []byte
}

// newNamer returns a namer of count names.
func newNamer(count, mean int, seed uint64) *namer {
	n := &namer{digits: 1, mean: mean, seed: seed}
	for most := 64; most < count; most *= 64 {
		n.digits++
	}
	return n
}

// name returns name number i. Names of ascending number are in ascending order.
func (n *namer) name(i int) string {
	n.buf = n.buf[:0]
	for d := n.digits - 1; d >= 0; d-- {
		n.buf = append(append(n.buf, syllable(uint64(i)>>(6*d)&63)...), '_')
	}
	h := mix(uint64(i), n.seed)
	want := n.mean/2 + int(h>>32%uint64(n.mean+1))
	for len(n.buf) < want {
		h = mix(h, 1)
		n.buf = append(append(n.buf, syllable(h>>58)...), '_')
	}
	return string(n.buf[:len(n.buf)-1])
}

// mix spreads a over 64 bits, as the finalizer of SplitMix64 does.
func mix(a, b uint64) uint64 {
	a += (b + 1) * 0x9e3779b97f4a7c15
	a = (a ^ a>>30) * 0xbf58476d1ce4e5b9
	a = (a ^ a>>27) * 0x94d049bb133111eb
	return a ^ a>>31
}
