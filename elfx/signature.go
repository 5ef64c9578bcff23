package elfx

// The trailer of a signed module: struct module_signature and a marker (the kernel's
// include/linux/module_signature.h). The length of the signature is big-endian.
const (
	signatureMarker = "~Module signature appended~\n"
	signatureInfo   = 12 // algo, hash, id_type, signer_len, key_id_len, 3 bytes of padding, sig_len
)

// unsignedSize returns the size of the input without a signature at its end. An ELF file may keep
// it, since nothing in the headers points there; a compressed stream must end where it ends.
func unsignedSize(in *input) (int64, error) {
	const trailer = signatureInfo + int64(len(signatureMarker))
	if in.size < trailer {
		return in.size, nil
	}
	b, err := in.view(in.size-trailer, trailer)
	if err != nil || string(b[signatureInfo:]) != signatureMarker {
		return in.size, err
	}
	sig := int64(b[8])<<24 | int64(b[9])<<16 | int64(b[10])<<8 | int64(b[11])
	if sig > in.size-trailer {
		return in.size, nil
	}
	return in.size - trailer - sig, nil
}
