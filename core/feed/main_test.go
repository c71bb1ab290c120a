package feed_test

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/docsctl/docsctl/internal/testenv"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction(testenv.Goroutine))
}
