package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// networks are those that a demo shows.
type networks struct{ SMS, Matrix bool }

// parseNetworks reads names with commas between them.
func parseNetworks(names string) (n networks, err error) {
	known := map[string]*bool{"sms": &n.SMS, "matrix": &n.Matrix}
	for name := range strings.SplitSeq(names, ",") {
		on, ok := known[name]
		if !ok {
			return n, fmt.Errorf("%q is no network; there are %s", name, strings.Join(slices.Sorted(maps.Keys(known)), " and "))
		}
		*on = true
	}
	return n, nil
}

// gateways are the components, and what the user calls them.
func (n networks) gateways() map[string]string {
	all := map[string]string{}
	if n.SMS {
		all[domain] = "SMS gateway"
	}
	if n.Matrix {
		all[matrixDomain] = "Matrix gateway"
	}
	return all
}
