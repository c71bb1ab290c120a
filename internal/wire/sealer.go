package wire

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/docsctl/docsctl/adapters/secrets"
	"github.com/docsctl/docsctl/core"
)

// openSealer takes the configured keys, or those beside the embedded store. A store
// that has sealed something and has lost its keys is not given new ones: nobody could
// ever open what it has.
func (p *Program) openSealer(ctx context.Context) error {
	path := p.cfg.encryptionPath()
	if len(p.cfg.EncryptionKeys) == 0 {
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			sealed, err := p.local.Sealed(ctx)
			if err != nil {
				return err
			}
			if sealed {
				return &core.Error{Code: core.CodeValidation, Message: "the store has sealed tokens and the file of their keys is gone; put " + path + " back, or set encryption_keys"}
			}
		}
	}
	keys, err := keptSecrets(p.cfg.EncryptionKeys, path)
	if err != nil {
		return fmt.Errorf("encryption keys: %w", err)
	}
	if p.sealer, err = secrets.New(keys...); err != nil {
		return &core.Error{Code: core.CodeValidation, Message: "encryption_keys does not hold: " + err.Error() + "; make one with: openssl rand -base64 48"}
	}
	return nil
}
