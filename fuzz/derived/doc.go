// Package derived tests what is worked out from BTF, paths and layouts and functions and
// differences, on whole kernels and on any bytes: package naive, compilers and pahole are the
// oracles. It holds tests and fuzz targets only.
package derived
