package core_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/docsctl/docsctl/core"
)

func TestSecret_NeverPrints(t *testing.T) {
	t.Parallel()
	const word = "ntn_hunter2"
	s := core.NewSecret(word)
	hidden := struct{ inner core.Secret }{s}
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", slog.Any("s", s), slog.Any("in", hidden), slog.Any("err", fmt.Errorf("with %v", s)))
	raw, err := json.Marshal(map[string]any{"s": s, "p": &s, "access": core.Access{Token: s}})
	if err != nil {
		t.Fatal(err)
	}
	shown := []string{
		fmt.Sprint(s), fmt.Sprintf("%v %+v %#v %s %q %x %d", s, s, s, s, s, s, s), fmt.Sprintf("%v %+v %#v", hidden, hidden, hidden),
		fmt.Sprintf("%+v", core.Access{Token: s}), errors.Join(fmt.Errorf("%s", s)).Error(), log.String(), string(raw), s.String(),
	}
	for _, got := range shown {
		if strings.Contains(got, "hunter2") || strings.Contains(got, fmt.Sprintf("%x", "hunter2")) {
			t.Errorf("got %q, want no trace of the secret", got)
		}
	}
	if s.Reveal() != word || s.Empty() || !(core.Secret{}).Empty() || (core.Secret{}).Reveal() != "" {
		t.Errorf("got %q, want the secret when it is asked for", s.Reveal())
	}
}
