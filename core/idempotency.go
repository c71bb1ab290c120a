package core

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"time"
)

// Once asks that a request be carried out once: a repetition of it, with the same
// key and fingerprint, is given the first one's result. An Actor carries it to
// the use cases that make or enqueue something.
type Once struct {
	Route       string // what the key belongs to, with the organization and the user
	Key         string
	Fingerprint []byte // of the whole request
	Replayed    bool   // set by the use case: the result is an earlier one's
}

// Once returns a as it acts through a request that is to be carried out once.
func (a Actor) Once(o *Once) Actor {
	a.once = o
	return a
}

// IdempotencyRepo keeps what was asked to be done once.
type IdempotencyRepo interface {
	// Claim stores r and returns nil, unless the user has used the key for the
	// route at expired or later: then it returns what is stored, with its answer.
	// It waits for a transaction that has claimed the same and not ended. It may
	// forget some rows that are older than expired. It returns CodeNotFound when
	// the user does not exist.
	Claim(ctx context.Context, r IdempotentRequest, expired time.Time) (*IdempotentRequest, error)
	// Answer stores r's Answer, or returns CodeNotFound.
	Answer(ctx context.Context, r IdempotentRequest) error
}

// IdempotentRequest is a request that was or is to be carried out once.
type IdempotentRequest struct {
	UserID      UserID
	Route       string
	KeyHash     []byte
	Fingerprint []byte
	Answer      []byte // sealed; nil until the work is done
	CreatedAt   time.Time
}

// idempotencyLife is how long the first answer is kept.
const idempotencyLife = 24 * time.Hour

// once is change for work that makes or enqueues something. When the actor asks
// for it to be done once and it was done before, fn does not run, and result, a
// pointer, is set to what it held after fn then.
func (c Config) once(ctx context.Context, a Actor, result any, fn func(ctx context.Context, tx Tx) error) error {
	if a.once == nil {
		return c.change(ctx, a.tenant, fn)
	}
	at := c.now()
	r := IdempotentRequest{UserID: a.user, Route: a.once.Route, KeyHash: a.derive("name"), Fingerprint: a.once.Fingerprint, CreatedAt: at}
	var earlier *IdempotentRequest
	err := c.change(ctx, a.tenant, func(ctx context.Context, tx Tx) (err error) {
		if earlier, err = tx.Idempotency.Claim(ctx, r, at.Add(-idempotencyLife)); err != nil || earlier != nil {
			return err
		}
		if err := fn(ctx, tx); err != nil {
			return err
		}
		if r.Answer, err = a.seal(mustJSON(result)); err != nil {
			return err
		}
		return tx.Idempotency.Answer(ctx, r)
	})
	if err != nil || earlier == nil {
		return err
	}
	if string(earlier.Fingerprint) != string(r.Fingerprint) {
		return &Error{Code: CodeIdempotencyMismatch, Message: "this Idempotency-Key was used for another request; choose a new key for each"}
	}
	raw, err := a.open(earlier.Answer)
	if err == nil {
		err = json.Unmarshal(raw, result)
	}
	if err != nil {
		return fmt.Errorf("read the first answer to a repeated request: %w", err)
	}
	a.once.Replayed = true
	return nil
}

// derive makes of the request's key a value that only who has it can make. The
// key itself is not stored, so an answer that holds a secret can be read only by
// who repeats the request.
func (a Actor) derive(what string) []byte {
	h := sha256.New()
	for _, part := range []string{"docsctl idempotency", what, string(a.tenant.org), string(a.user), a.once.Route, a.once.Key} {
		fmt.Fprintf(h, "%d:%s", len(part), part)
	}
	return h.Sum(nil)
}

func (a Actor) aead() (cipher.AEAD, error) {
	block, err := aes.NewCipher(a.derive("seal"))
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

func (a Actor) seal(raw []byte) ([]byte, error) {
	aead, err := a.aead()
	if err != nil {
		return nil, err
	}
	return aead.Seal(nil, nil, raw, nil), nil
}

func (a Actor) open(sealed []byte) ([]byte, error) {
	aead, err := a.aead()
	if err != nil {
		return nil, err
	}
	return aead.Open(nil, nil, sealed, nil)
}
