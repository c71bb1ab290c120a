// Package httpapi is the HTTP API of docsctl: routes, the views that they answer,
// and the one error envelope. Its folder is named http; the package is not, so
// that nobody who imports it has to rename net/http.
//
// A handler reads its input, calls one use case and chooses a view. Everything
// that all routes share happens before and after it: register and registerRaw
// (op.go) fetch the actor and render errors, the outer handler (middleware.go)
// answers what no route does.
package httpapi
