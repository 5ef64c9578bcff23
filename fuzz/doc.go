// Package fuzz holds the fuzz targets of btfkit. Start one from the root of the repository:
//
//	go test -fuzz=FuzzParse ./fuzz
//
// Its ordinary tests run every target on its seeds, and take seconds. What tells whether answers
// are right is in package oracle, and long tests that compare are in package differential.
//
// Other modules do not import this one.
package fuzz
