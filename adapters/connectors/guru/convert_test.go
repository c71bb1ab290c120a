package guru

import (
	"testing"

	"github.com/docsctl/docsctl/adapters/connectors/internal/doctree/doctreetest"
)

func TestConvert_Samples(t *testing.T) {
	t.Parallel()
	cases, err := doctreetest.Cases("testdata/cards.txtar")
	if err != nil || len(cases) < 5 {
		t.Fatalf("%d samples, %v", len(cases), err)
	}
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			got, err := Convert(t.Context(), c.In)
			if err != nil {
				t.Fatal(err)
			}
			if diff := c.Check(got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
