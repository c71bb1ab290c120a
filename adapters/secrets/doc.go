// Package secrets seals what may not lie open in the store, with Tink.
package secrets
