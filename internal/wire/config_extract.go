package wire

import (
	"time"

	"github.com/docsctl/docsctl/adapters/extract"
)

// extractSettings are the limits of reading files; what they mean stands with
// extract.SandboxConfig.
func extractSettings() []setting {
	const mib = 1 << 20
	return []setting{
		{key: "extract_max_pages", value: "5000", parse: whole(func(c *Config) *int { return &c.Extract.MaxPages }, 1, 1_000_000)},
		{key: "extract_max_rows", value: "20000", parse: whole(func(c *Config) *int { return &c.Extract.MaxRows }, 1, 10_000_000)},
		{key: "extract_max_unpacked_bytes", value: "536870912", parse: whole(func(c *Config) *int64 { return &c.Extract.MaxUnzipped }, mib, 1<<40)},
		{key: "extract_max_expansion", value: "200", parse: whole(func(c *Config) *int { return &c.Extract.MaxExpansion }, 1, 10_000)},
		{key: "extract_max_depth", value: "400", parse: whole(func(c *Config) *int { return &c.Extract.MaxDepth }, 20, 10_000)},
		{key: "extract_max_memory_bytes", value: "1073741824", parse: whole(func(c *Config) *int64 { return &c.Extract.MaxMemory }, 128*mib, 1<<40)},
		{key: "extract_timeout", value: "2m", parse: span(func(c *Config) *time.Duration { return &c.Extract.Timeout }, time.Second, time.Hour)},
		{key: "extract_workers", value: "2", parse: whole(func(c *Config) *int { return &c.Extract.MaxChildren }, 1, 256)},
	}
}

// extractConfig is what the reader of files gets.
func (c Config) extractConfig() extract.SandboxConfig {
	e := c.Extract
	e.MaxBytes = c.MaxUploadBytes
	return e
}
