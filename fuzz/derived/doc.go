// Package derived tests the packages that compute from types (path, layout, funcs, elements,
// diff), on whole kernels and on any bytes. Package naive, compilers and pahole are the
// oracles. It holds tests and fuzz targets only.
package derived
