package openai

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"math"
	"os"

	"gopkg.in/yaml.v3"

	"github.com/docsctl/docsctl/core"
)

// listed holds the models whose window and price their vendor publishes. Models
// that anybody can host are left out: their window is what the server was started
// with, and their price is the host's.
//
//go:embed models.json
var listed []byte

// entry is what the list says of a model.
type entry struct {
	Name          string   `yaml:"name"`
	ContextTokens int      `yaml:"context_tokens"`    // of prompt and answer together; 0: unknown
	MaxOutput     int      `yaml:"max_output_tokens"` // 0: unknown
	InputUSD      *float64 `yaml:"input_usd"`         // of a million tokens; absent: unknown
	OutputUSD     *float64 `yaml:"output_usd"`
	JSONSchema    bool     `yaml:"json_schema"` // answers in JSON of a schema
	Reasoning     bool     `yaml:"reasoning"`   // takes no temperature, and counts its thoughts as answer
}

// modelList is the form of models.json and of a user's file.
type modelList struct {
	AsOf   string  `yaml:"as_of"` // when the figures were looked up
	Models []entry `yaml:"models"`
}

// readModels returns the embedded list, with what the file at path adds to it or
// says otherwise.
func readModels(path string) (map[string]entry, error) {
	models := map[string]entry{}
	if err := addModels(models, listed); err != nil {
		return nil, fmt.Errorf("openai: read models.json: %w", err)
	}
	if path == "" {
		return models, nil
	}
	raw, err := os.ReadFile(path)
	if err == nil {
		err = addModels(models, raw)
	}
	if err != nil {
		return nil, &core.Error{
			Code: core.CodeValidation, Err: fmt.Errorf("read the list of models: %w", err),
			Message: "the file of llm_prices_file cannot be read as a list of models; give each a name, context_tokens and prices per million tokens",
		}
	}
	return models, nil
}

func addModels(to map[string]entry, raw []byte) error {
	d := yaml.NewDecoder(bytes.NewReader(raw)) // JSON is YAML
	d.KnownFields(true)
	var l modelList
	if err := d.Decode(&l); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	seen := map[string]bool{}
	for i, e := range l.Models {
		if seen[e.Name] {
			return fmt.Errorf("model %d is listed twice", i+1)
		}
		if err := e.validate(); err != nil {
			return fmt.Errorf("model %d: %w", i+1, err)
		}
		seen[e.Name], to[e.Name] = true, e
	}
	return nil
}

func (e entry) validate() error {
	switch {
	case !usableName(e.Name):
		return errors.New("name is missing or holds control characters")
	case e.ContextTokens != 0 && e.ContextTokens < leastWindow, e.MaxOutput < 0:
		return fmt.Errorf("context_tokens is below %d or max_output_tokens below 0", leastWindow)
	case !isPrice(e.InputUSD), !isPrice(e.OutputUSD):
		return errors.New("a price is no amount of USD")
	}
	return nil
}

func isPrice(p *float64) bool {
	return p == nil || *p >= 0 && !math.IsInf(*p, 0) // NaN compares as false
}
