package wire

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// secretsFile holds the embedded installation's token secrets, one a line, the
// signing one first.
const secretsFile = "jwt-secrets"

// encryptionFile holds the keys of what the embedded store has sealed, likewise.
const encryptionFile = "encryption-keys"

// jwtSecrets returns the configured secrets, or those that were made and kept
// beside the embedded store.
func jwtSecrets(c Config) ([]string, error) {
	return keptSecrets(c.JWTSecrets, c.secretsPath())
}

// keptSecrets returns the configured secrets, or those in the file at path, which is
// made when there is none.
func keptSecrets(configured []string, path string) ([]string, error) {
	if len(configured) > 0 {
		return configured, nil
	}
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		if err := makeSecret(path); err != nil {
			return nil, fmt.Errorf("make a secret: %w", err)
		}
		raw, err = os.ReadFile(path) // another process may have been first
	}
	if err != nil {
		return nil, fmt.Errorf("read the secrets: %w", err)
	}
	return strings.Fields(string(raw)), nil
}

func (c Config) encryptionPath() string { return filepath.Join(c.DataDir, encryptionFile) }

func (c Config) secretsPath() string { return filepath.Join(c.DataDir, secretsFile) }

// makeSecret writes a new secret whole or not at all. Of two processes that make
// one at the same time, the first wins.
func makeSecret(path string) (err error) {
	secret := make([]byte, 48)
	rand.Read(secret)                                          // never fails (crypto/rand, Go 1.24)
	tmp, err := os.CreateTemp(filepath.Dir(path), ".secret-*") // mode 0600
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.Remove(tmp.Name())) }()
	_, err = tmp.WriteString(base64.RawStdEncoding.EncodeToString(secret) + "\n")
	if err = errors.Join(err, tmp.Sync(), tmp.Close()); err != nil {
		return err
	}
	if err := os.Link(tmp.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}
