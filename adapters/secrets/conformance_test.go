package secrets

import (
	"crypto/rand"
	"strings"
	"testing"

	"github.com/docsctl/docsctl/core"
	"github.com/docsctl/docsctl/core/coretest"
)

func TestSealer_Conformance(t *testing.T) {
	t.Parallel()
	coretest.RunSealer(t, func(t *testing.T) coretest.SealerWorld {
		key := rand.Text() + rand.Text()
		of := func(keys ...string) func(t *testing.T) core.Sealer {
			return func(t *testing.T) core.Sealer { return sealer(t, keys...) }
		}
		return coretest.SealerWorld{
			Sealer: sealer(t, key), Rotated: of(rand.Text()+rand.Text(), key), Stranger: of(rand.Text() + rand.Text()),
		}
	})
}

func sealer(t *testing.T, keys ...string) *Sealer {
	t.Helper()
	s, err := New(keys...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestNew_RefusesWeakAndRepeatedKeys(t *testing.T) {
	t.Parallel()
	key := rand.Text() + rand.Text()
	for name, keys := range map[string][]string{"none": nil, "short": {"secret"}, "short second": {key, "secret"}, "twice": {key, key}} {
		if s, err := New(keys...); err == nil || s != nil {
			t.Errorf("%s: got no error", name)
		} else if strings.Contains(err.Error(), key) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: the error holds a key: %v", name, err)
		}
	}
}

const sealedBefore = "\x01J\xa9Q\r8\v\xcdŨ\a%\xfdi\xe3)\xa4\xc9\xe5 \xbe[2\xa3S6>_ai\x9d\t\x16KD\x99q\x05ز\xa5E\x03|\xd6\"\xa6L\x94\xc3\x06 \xb0"

// TestSealer_KeepsItsForm opens what an earlier build sealed: the derivation of keys
// must never change.
func TestSealer_KeepsItsForm(t *testing.T) {
	t.Parallel()
	tenant := core.TrustTenant("0198c0de-0000-7000-8000-000000000001")
	s := sealer(t, "a key of the tests that nobody would ever use")
	got, err := s.Open(t.Context(), tenant, core.SealedTokens, []byte(sealedBefore))
	if err != nil || string(got) != "ntn_word" {
		t.Errorf("got %q and %v, want what was sealed", got, err)
	}
}
