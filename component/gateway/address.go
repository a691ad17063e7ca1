package gateway

import "causeway/mapping"

// noSuchAddress is what a user reads who names what cannot be.
const noSuchAddress = "No such address can exist."

// localpart returns the localpart of an id. What has none was refused where it
// came in, from a user by resolve and resolveTyped, from the network by
// encodeAll; "" is the localpart of the gateway itself.
func localpart(id string) string {
	l, err := mapping.Localpart(id)
	if err != nil {
		return ""
	}
	return l
}
