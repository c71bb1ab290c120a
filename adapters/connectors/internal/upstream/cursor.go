package upstream

import (
	"encoding/base64"
	"encoding/json"

	"github.com/docsctl/docsctl/core"
)

// maxCursor bounds what is read as a cursor: it may come from a request.
const maxCursor = 64 << 10

// Pack makes a cursor of where a listing stands.
func Pack(place any) string {
	raw, err := json.Marshal(place)
	if err != nil {
		panic("upstream: a place in a listing cannot be encoded: " + err.Error()) // it is a struct of ours
	}
	return base64.RawURLEncoding.EncodeToString(raw)
}

// Unpack reads what Pack made; "" leaves place as it is. Anything else is
// CodeValidation.
func Unpack(cursor string, place any) error {
	if cursor == "" {
		return nil
	}
	bad := core.Invalid("cursor", "cursor", "the cursor is not one of this listing; begin without")
	if len(cursor) > maxCursor {
		return bad
	}
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil || json.Unmarshal(raw, place) != nil {
		return bad
	}
	return nil
}
