package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/btfkit/btfkit/btf"
)

// kindNames lists the kinds as --kind takes them.
func kindNames() (names []string) {
	for k := btf.KindInt; k <= btf.KindEnum64; k++ {
		names = append(names, strings.ToLower(k.String()))
	}
	return names
}

// parseKinds takes kinds in any case; enum stands for enum64, too.
func parseKinds(names []string) (kinds []btf.Kind, err error) {
	known := kindNames()
	for _, name := range names {
		i := slices.Index(known, strings.ToLower(name))
		if i < 0 {
			return nil, fmt.Errorf("--kind %q: unknown, one of %s", short(name), strings.Join(known, ", "))
		}
		kinds = append(kinds, btf.KindInt+btf.Kind(i))
		if kinds[len(kinds)-1] == btf.KindEnum {
			kinds = append(kinds, btf.KindEnum64)
		}
	}
	return kinds, nil
}
