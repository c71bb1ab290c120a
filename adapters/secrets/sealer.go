package secrets

import (
	"context"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/aead/xaesgcm"
	"github.com/tink-crypto/tink-go/v2/insecuresecretdataaccess"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/secretdata"
	"github.com/tink-crypto/tink-go/v2/tink"

	"github.com/docsctl/docsctl/core"
)

var _ core.Sealer = (*Sealer)(nil)

// MinKeyChars is how long a key must be at least.
const MinKeyChars = 32

// Sealer seals under the first of its keys and opens under any. A sealed text begins
// with the id of its key (Tink's prefix), which is derived of the key itself, so that
// the order of the keys may change.
type Sealer struct {
	aead    tink.AEAD
	current [prefixBytes]byte
}

// prefixBytes is Tink's: a version and a key's id.
const prefixBytes = 5

// New returns a sealer of keys, the first being the one that seals. A key is any text
// of MinKeyChars characters that nobody can guess; the bytes that encrypt are derived
// of it (HKDF, RFC 5869).
func New(keys ...string) (*Sealer, error) {
	if len(keys) == 0 {
		return nil, errors.New("there is no key")
	}
	manager := keyset.NewManager()
	s := &Sealer{}
	seen := map[uint32]bool{}
	for i, text := range keys {
		key, id, err := derive(text)
		if err != nil {
			return nil, fmt.Errorf("key %d: %w", i+1, err)
		}
		if seen[id] {
			return nil, fmt.Errorf("key %d stands there twice", i+1)
		}
		seen[id] = true
		if _, err := manager.AddKey(key); err != nil {
			return nil, fmt.Errorf("add key %d: %w", i+1, err)
		}
		if i == 0 {
			copy(s.current[:], key.OutputPrefix())
			if err := manager.SetPrimary(id); err != nil {
				return nil, fmt.Errorf("use key 1: %w", err)
			}
		}
	}
	handle, err := manager.Handle()
	if err != nil {
		return nil, fmt.Errorf("make a keyset: %w", err)
	}
	if s.aead, err = aead.New(handle); err != nil {
		return nil, fmt.Errorf("use a keyset: %w", err)
	}
	return s, nil
}

// saltBytes is XAES-256-GCM's for keys that seal any number of texts.
const saltBytes = 12

func derive(text string) (*xaesgcm.Key, uint32, error) {
	if len(text) < MinKeyChars {
		return nil, 0, fmt.Errorf("it has fewer than %d characters", MinKeyChars)
	}
	material, err := hkdf.Key(sha256.New, []byte(text), nil, "docsctl sealed secrets v1", 32+4)
	if err != nil {
		return nil, 0, err
	}
	id := binary.BigEndian.Uint32(material[32:]) | 1 // Tink has no id 0
	params, err := xaesgcm.NewParameters(xaesgcm.VariantTink, saltBytes)
	if err != nil {
		return nil, 0, err
	}
	key, err := xaesgcm.NewKey(secretdata.NewBytesFromData(material[:32], insecuresecretdataaccess.Token{}), id, params)
	return key, id, err
}

// associated binds a sealed text to its owner and purpose.
func associated(t core.Tenant, purpose string) []byte {
	return []byte("docsctl\x00" + string(t.OrgID()) + "\x00" + strconv.Itoa(len(purpose)) + "\x00" + purpose)
}

// Seal implements core.Sealer.
func (s *Sealer) Seal(ctx context.Context, t core.Tenant, purpose string, plain []byte) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if !t.Valid() {
		return nil, &core.Error{Code: core.CodeInternal, Message: "a secret was to be sealed for nobody; report this"}
	}
	sealed, err := s.aead.Encrypt(plain, associated(t, purpose))
	if err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	return sealed, nil
}

// Open implements core.Sealer.
func (s *Sealer) Open(ctx context.Context, t core.Tenant, purpose string, sealed []byte) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	var plain []byte
	err := errors.New("no tenant")
	if t.Valid() {
		plain, err = s.aead.Decrypt(sealed, associated(t, purpose))
	}
	if err != nil {
		return nil, &core.Error{
			Code: core.CodeInternal, Err: err,
			Message: "a stored secret cannot be opened: its key is not among encryption_keys, or it was changed; put the former key back, after the first one",
		}
	}
	if plain == nil {
		plain = []byte{}
	}
	return plain, nil
}

// Current implements core.Sealer.
func (s *Sealer) Current(sealed []byte) bool {
	return len(sealed) > prefixBytes && [prefixBytes]byte(sealed[:prefixBytes]) == s.current
}
