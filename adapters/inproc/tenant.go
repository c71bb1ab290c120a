package inproc

import (
	"context"

	"github.com/docsctl/docsctl/core"
)

// check returns the error of a call that is over already or for nobody.
func check(ctx context.Context, t core.Tenant) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if !t.Valid() {
		return &core.Error{Code: core.CodeAuthentication, Message: "this is done for an organization only; sign in first"}
	}
	return nil
}
