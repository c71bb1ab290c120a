//go:build unix

package servers

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

func TestForbidServiceStarts(t *testing.T) {
	t.Parallel()

	// One after the other: a script that is written while another test forks is
	// open in the child for a moment, and cannot run.
	t.Run("PolicyDeniesAndGoesAfterwards", func(t *testing.T) {
		policy := filepath.Join(t.TempDir(), "policy")
		for _, before := range []string{"", ourPolicy} { // the second: left by a killed run
			if before != "" {
				writePolicy(t, policy, before)
			}
			allow, err := forbidServiceStarts(t.Context(), policy)
			if err != nil {
				t.Fatal(err)
			}
			var exit *exec.ExitError
			if err := exec.Command(policy, "redis-server", "start").Run(); !errors.As(err, &exit) || exit.ExitCode() != policyDenied {
				t.Errorf("the policy answers %v, want exit status %d", err, policyDenied)
			}
			allow()
			if _, err := os.Stat(policy); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("the policy is left: %v", err)
			}
		}
	})

	t.Run("MachinesOwnPolicyIsNeverChanged", func(t *testing.T) {
		for text, denies := range map[string]bool{"#!/bin/sh\nexit 101\n": true, "#!/bin/sh\nexit 0\n": false} {
			policy := filepath.Join(t.TempDir(), "policy")
			writePolicy(t, policy, text)
			allow, err := forbidServiceStarts(t.Context(), policy)
			if (err == nil) != denies {
				t.Errorf("with the policy %q the error is %v", text, err)
			}
			if err == nil {
				allow()
			}
			got, err := os.ReadFile(policy)
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != text {
				t.Errorf("the policy is %q, want %q", got, text)
			}
		}
	})
}

func writePolicy(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o700); err != nil {
		t.Fatal(err)
	}
}
