// Package tools pins the programs that developing btfkit takes, as tool directives of its
// go.mod: actionlint, apidiff, benchstat, govulncheck and staticcheck. It is outside go.work, so
// that no other module sees what they require. From the root of the repository:
//
//	GOWORK=off go -C tools tool -n benchstat
package tools
