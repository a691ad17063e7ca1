// Package ping implements XEP-0199 (2.0.1): XMPP Ping.
package ping

// NS is the namespace of pings, and the feature that announces them. A ping is
// an empty <ping/>, its answer an empty result.
const NS = "urn:xmpp:ping"
