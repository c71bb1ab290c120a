package core

import "context"

// Sealer encrypts what may not lie open in the store. What is sealed for one
// organization and purpose opens for no other (both are associated data of an AEAD),
// says under which key it was sealed, and opens as long as the installation has that
// key. Implementations may be called concurrently and keep nothing of their arguments.
type Sealer interface {
	// Seal encrypts plain, which may be empty, under the installation's first key.
	// Two seals of one text differ. It returns CodeInternal for the zero Tenant.
	Seal(ctx context.Context, t Tenant, purpose string, plain []byte) ([]byte, error)
	// Open returns what was sealed for the tenant and purpose. It returns CodeInternal
	// when it was sealed for another, was changed, is no sealed text, or its key is
	// not among the installation's; the message says which setting to look at and
	// nothing of the content.
	Open(ctx context.Context, t Tenant, purpose string, sealed []byte) ([]byte, error)
	// Current reports whether sealed is under the first key, so that rotating needs
	// to seal only what is not. It does no I/O.
	Current(sealed []byte) bool
}

// SealedTokens is the purpose of an integration's tokens.
const SealedTokens = "integration.tokens"

// SealedWebhookSecrets is the purpose of a webhook's secrets.
const SealedWebhookSecrets = "webhook.secrets"
