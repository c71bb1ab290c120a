package archive

import (
	"context"

	"github.com/docsctl/docsctl/core"
)

// errNoSealer says what an archive with secrets needs.
func errNoSealer() error {
	return &core.Error{Code: core.CodeValidation, Message: "the organization has sealed tokens and this installation has no keys; set encryption_keys and try again"}
}

// open replaces what a row has sealed by what was sealed: another installation has
// other keys.
func open(ctx context.Context, sealer core.Sealer, t core.Tenant, row any) (err error) {
	switch r := row.(type) {
	case *core.Integration:
		r.Sealed, err = opened(ctx, sealer, t, core.SealedTokens, r.Sealed)
	case *core.Webhook:
		r.Sealed, err = opened(ctx, sealer, t, core.SealedWebhookSecrets, r.Sealed)
	}
	return err
}

func opened(ctx context.Context, sealer core.Sealer, t core.Tenant, purpose string, sealed []byte) ([]byte, error) {
	if len(sealed) == 0 {
		return nil, nil
	}
	if sealer == nil {
		return nil, errNoSealer()
	}
	return sealer.Open(ctx, t, purpose, sealed)
}

// seal is open's counterpart, under this installation's key.
func (im *importing) seal(ctx context.Context, purpose string, plain []byte) ([]byte, error) {
	if len(plain) == 0 {
		return nil, nil
	}
	if im.sealer == nil {
		return nil, errNoSealer()
	}
	return im.sealer.Seal(ctx, im.tenant, purpose, plain)
}
