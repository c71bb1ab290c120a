// Package identity keeps passwords (Argon2id, RFC 9106), signs access tokens
// (JWT, RFC 7519) and folds e-mail addresses for comparison.
package identity
