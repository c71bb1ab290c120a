// Package upstream asks vendors' APIs with manners: no faster than they like, not at
// all while they fail, no longer and no more than is reasonable, and never at an
// address that is not the public internet's. What goes wrong comes back as the
// errors that core.Connector promises.
package upstream
