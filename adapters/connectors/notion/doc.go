// Package notion connects docsctl with Notion: pages and rows of data sources
// become Markdown, summaries become blocks.
package notion
