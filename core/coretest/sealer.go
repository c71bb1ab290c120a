package coretest

import (
	"bytes"
	"strings"
	"sync"
	"testing"

	"github.com/docsctl/docsctl/core"
)

// SealerWorld is a sealer and the life of its keys.
type SealerWorld struct {
	core.Sealer
	// Rotated returns a sealer that also has a newer key, which it uses first.
	Rotated func(t *testing.T) core.Sealer
	// Stranger returns a sealer of another installation.
	Stranger func(t *testing.T) core.Sealer
}

// RunSealer checks a core.Sealer.
func RunSealer(t *testing.T, open func(t *testing.T) SealerWorld) {
	runCases(t, "RunSealer", open, map[string]func(t *testing.T, w SealerWorld){
		"OpensWhatItSealed":              sealerOpens,
		"SealedHoldsNothingReadable":     sealerHides,
		"TwoSealsDiffer":                 sealerDiffers,
		"OpensForNoOtherTenant":          sealerTenant,
		"OpensForNoOtherPurpose":         sealerPurpose,
		"ChangedTextIsRefused":           sealerChanged,
		"OldKeyStillOpens":               sealerRotates,
		"MissingKeyIsToldWithoutContent": sealerStranger,
		"ZeroTenantIsRefused":            sealerZeroTenant,
		"MayBeCalledConcurrently":        sealerConcurrent,
	})
}

const (
	sealedText    = "ntn_the-secret-of-the-suite"
	sealedPurpose = "integration.token"
)

func sealerTenantOf() core.Tenant { return core.TrustTenant(core.NewID[core.OrgID]()) }

func (w SealerWorld) sealed(t *testing.T, tenant core.Tenant) []byte {
	t.Helper()
	sealed, err := w.Seal(t.Context(), tenant, sealedPurpose, []byte(sealedText))
	return must(t, "seal", sealed, err)
}

func sealerOpens(t *testing.T, w SealerWorld) {
	tenant := sealerTenantOf()
	for _, text := range []string{"", sealedText, strings.Repeat("long ", 20_000)} {
		sealed, err := w.Seal(t.Context(), tenant, sealedPurpose, []byte(text))
		must(t, "seal", sealed, err)
		got, err := w.Open(t.Context(), tenant, sealedPurpose, sealed)
		if must(t, "open", got, err); string(got) != text {
			t.Errorf("got %d bytes, want the %d that were sealed", len(got), len(text))
		}
		if !w.Current(sealed) {
			t.Error("what was just sealed is not under the first key")
		}
	}
}

func sealerHides(t *testing.T, w SealerWorld) {
	tenant := sealerTenantOf()
	if sealed := w.sealed(t, tenant); bytes.Contains(sealed, []byte("secret")) {
		t.Errorf("got %q, want nothing readable", sealed)
	}
}

func sealerDiffers(t *testing.T, w SealerWorld) {
	tenant := sealerTenantOf()
	if bytes.Equal(w.sealed(t, tenant), w.sealed(t, tenant)) {
		t.Error("two seals of one text are equal")
	}
}

func (w SealerWorld) refuses(t *testing.T, what string, s core.Sealer, tenant core.Tenant, purpose string, sealed []byte) {
	t.Helper()
	got, err := s.Open(t.Context(), tenant, purpose, sealed)
	if got != nil || core.CodeOf(err) != core.CodeInternal {
		t.Errorf("%s: got %d bytes and %v, want nothing and CodeInternal", what, len(got), err)
	}
	if err != nil && strings.Contains(err.Error(), sealedText) {
		t.Errorf("%s: the error holds what was sealed: %v", what, err)
	}
}

func sealerTenant(t *testing.T, w SealerWorld) {
	sealed := w.sealed(t, sealerTenantOf())
	w.refuses(t, "another tenant", w, sealerTenantOf(), sealedPurpose, sealed)
}

func sealerPurpose(t *testing.T, w SealerWorld) {
	tenant := sealerTenantOf()
	w.refuses(t, "another purpose", w, tenant, "integration", w.sealed(t, tenant))
}

func sealerChanged(t *testing.T, w SealerWorld) {
	tenant := sealerTenantOf()
	sealed := w.sealed(t, tenant)
	for i := range sealed {
		changed := bytes.Clone(sealed)
		changed[i] ^= 1
		w.refuses(t, "one bit", w, tenant, sealedPurpose, changed)
	}
	for _, short := range [][]byte{nil, {1}, sealed[:len(sealed)-1]} {
		w.refuses(t, "cut", w, tenant, sealedPurpose, short)
		if w.Current(short) && len(short) < 5 {
			t.Error("what is no sealed text is said to be under the first key")
		}
	}
}

func sealerRotates(t *testing.T, w SealerWorld) {
	tenant := sealerTenantOf()
	old, newer := w.sealed(t, tenant), w.Rotated(t)
	got, err := newer.Open(t.Context(), tenant, sealedPurpose, old)
	if must(t, "open what the old key sealed", got, err); string(got) != sealedText {
		t.Errorf("got %q, want what was sealed", got)
	}
	if newer.Current(old) {
		t.Error("what the old key sealed is said to be under the new one")
	}
	fresh, err := newer.Seal(t.Context(), tenant, sealedPurpose, []byte(sealedText))
	if must(t, "seal", fresh, err); !newer.Current(fresh) {
		t.Error("what the new key sealed is not said to be under it")
	}
	w.refuses(t, "a key that is not there yet", w, tenant, sealedPurpose, fresh)
}

func sealerStranger(t *testing.T, w SealerWorld) {
	tenant := sealerTenantOf()
	w.refuses(t, "another installation", w.Stranger(t), tenant, sealedPurpose, w.sealed(t, tenant))
}

func sealerZeroTenant(t *testing.T, w SealerWorld) {
	if got, err := w.Seal(t.Context(), core.Tenant{}, sealedPurpose, []byte(sealedText)); got != nil || core.CodeOf(err) != core.CodeInternal {
		t.Errorf("got %d bytes and %v, want CodeInternal", len(got), err)
	}
	w.refuses(t, "the zero tenant", w, core.Tenant{}, sealedPurpose, w.sealed(t, sealerTenantOf()))
}

func sealerConcurrent(t *testing.T, w SealerWorld) {
	tenant := sealerTenantOf()
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 20 {
				sealed, err := w.Seal(t.Context(), tenant, sealedPurpose, []byte(sealedText))
				if err != nil {
					t.Errorf("seal: %v", err)
					return
				}
				if got, err := w.Open(t.Context(), tenant, sealedPurpose, sealed); err != nil || string(got) != sealedText {
					t.Errorf("open: got %q and %v", got, err)
				}
			}
		})
	}
	all.Wait()
}
