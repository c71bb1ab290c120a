package core_test

import (
	"errors"
	"testing"
	"time"

	"github.com/docsctl/docsctl/core"
)

func TestNewAPIKey_ExpiresBetweenNowAndTheLastYear(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 31, 9, 30, 0, 0, time.UTC)
	last := time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)
	west := time.FixedZone("", -3600)
	for name, c := range map[string]struct {
		at         time.Time
		constraint string
	}{
		"Now":                    {now, "minimum"},
		"SoonAfter":              {now.Add(time.Second), ""},
		"TheLastSecond":          {last, ""},
		"TheLastSecondElsewhere": {last.In(west), ""},
		"AfterIt":                {last.Add(time.Second), "range"},
		"AfterItByItsZone":       {time.Date(9999, 12, 31, 23, 30, 0, 0, west), "range"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := core.NewAPIKey{Name: "k", ExpiresAt: &c.at}.Validate(now)
			if c.constraint == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			e, _ := errors.AsType[*core.Error](err)
			if e == nil || e.Code != core.CodeValidation {
				t.Fatalf("got %v, want %s", err, core.CodeValidation)
			}
			if found, _ := e.Details.(core.FieldErrors); len(found) != 1 || found[0].Field != "expires_at" || found[0].Constraint != c.constraint {
				t.Errorf("got %+v, want expires_at to be refused for %s", e.Details, c.constraint)
			}
		})
	}
}
