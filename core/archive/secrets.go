package archive

import (
	"context"

	"github.com/docsctl/docsctl/core"
)

// errNoSealer says what an archive with secrets needs.
func errNoSealer() error {
	return &core.Error{Code: core.CodeValidation, Message: "the organization has sealed tokens and this installation has no keys; set encryption_keys and try again"}
}

// open replaces an integration's sealed tokens by what was sealed: another
// installation has other keys.
func open(ctx context.Context, sealer core.Sealer, t core.Tenant, i *core.Integration) (err error) {
	if len(i.Sealed) == 0 {
		return nil
	}
	if sealer == nil {
		return errNoSealer()
	}
	i.Sealed, err = sealer.Open(ctx, t, core.SealedTokens, i.Sealed)
	return err
}

// seal is open's counterpart, under this installation's key.
func (im *importing) seal(ctx context.Context, i *core.Integration) (err error) {
	if len(i.Sealed) == 0 {
		return nil
	}
	if im.sealer == nil {
		return errNoSealer()
	}
	i.Sealed, err = im.sealer.Seal(ctx, im.tenant, core.SealedTokens, i.Sealed)
	return err
}
