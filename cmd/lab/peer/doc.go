// Package peer starts the real programs that the gateway meets (XMPP servers,
// SMS centres, clients, a browser) on free loopback ports, each in a directory
// of its own, and stops them. It knows nothing of testing: package lab wraps
// it for tests, and cmd/demo uses it as it is.
package peer
