package identity

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"

	"github.com/alexedwards/argon2id"

	"github.com/docsctl/docsctl/core"
)

var _ core.PasswordHasher = (*Hasher)(nil)

// Params are Argon2id's parameters; they are stored with each hash.
type Params struct {
	MemoryKiB  uint32
	Iterations uint32
	Threads    uint8
}

// DefaultParams are the second choice of RFC 9106, section 4, with one thread:
// sign-ins come many at a time, and each should cost one core.
func DefaultParams() Params { return Params{MemoryKiB: 64 << 10, Iterations: 3, Threads: 1} }

const (
	saltBytes = 16
	keyBytes  = 32
)

// Hasher is a core.PasswordHasher. It computes no more hashes at a time than it
// has places, so that a storm of sign-ins can eat neither memory nor all cores.
type Hasher struct {
	params argon2id.Params
	places chan struct{}
	decoy  func() string // verified when there is no hash, so that it takes as long
}

// NewHasher returns a Hasher with as many places as there are cores. It refuses
// parameters that Verify would not believe.
func NewHasher(p Params) (*Hasher, error) {
	params := argon2id.Params{
		Memory: p.MemoryKiB, Iterations: p.Iterations, Parallelism: p.Threads,
		SaltLength: saltBytes, KeyLength: keyBytes,
	}
	if !affordable(&params) {
		return nil, errors.New("identity: the hash parameters are out of bounds")
	}
	decoy := sync.OnceValue(func() string { // dear, and not needed by who only signs tokens
		hash, err := argon2id.CreateHash("no password has this hash", &params)
		if err != nil {
			return ""
		}
		return hash
	})
	return &Hasher{params: params, places: make(chan struct{}, runtime.GOMAXPROCS(0)), decoy: decoy}, nil
}

// Hash implements core.PasswordHasher.
func (h *Hasher) Hash(ctx context.Context, password string) (string, error) {
	if err := h.enter(ctx); err != nil {
		return "", err
	}
	defer h.leave()
	hash, err := argon2id.CreateHash(password, &h.params)
	if err != nil {
		return "", fmt.Errorf("identity: hash a password: %w", err)
	}
	return hash, nil
}

// Verify implements core.PasswordHasher.
func (h *Hasher) Verify(ctx context.Context, password, hash string) (ok, outdated bool, err error) {
	if err := h.enter(ctx); err != nil {
		return false, false, err
	}
	defer h.leave()
	used, _, _, err := argon2id.DecodeHash(hash)
	if err != nil || !affordable(used) {
		_, _ = argon2id.ComparePasswordAndHash(password, h.decoy())
		return false, false, nil
	}
	ok, err = argon2id.ComparePasswordAndHash(password, hash)
	if err != nil {
		return false, false, fmt.Errorf("identity: verify a password: %w", err)
	}
	return ok, ok && h.weaker(used), nil
}

// Bounds of the parameters that a hash may ask for: they come from the store, and
// a corrupt or forged one must not take all memory or panic.
const (
	maxMemoryKiB  = 1 << 20
	maxIterations = 64
	maxThreads    = 64
)

func affordable(p *argon2id.Params) bool {
	return p.Iterations >= 1 && p.Iterations <= maxIterations && p.Parallelism >= 1 && p.Parallelism <= maxThreads &&
		p.Memory <= maxMemoryKiB && p.KeyLength >= 16 && p.SaltLength >= 8
}

func (h *Hasher) weaker(p *argon2id.Params) bool {
	return p.Memory < h.params.Memory || p.Iterations < h.params.Iterations || p.KeyLength < h.params.KeyLength
}

func (h *Hasher) enter(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case h.places <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (h *Hasher) leave() { <-h.places }
