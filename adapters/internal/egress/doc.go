// Package egress has the HTTP client for addresses that others choose. It reaches
// public ones only, whatever a URL, a name server or a redirect says.
package egress
