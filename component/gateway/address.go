package gateway

// localpart and foreignID are the address grammar between ids and localparts.
func localpart(id string) string { return id }

func foreignID(local string) (string, error) { return local, nil }
