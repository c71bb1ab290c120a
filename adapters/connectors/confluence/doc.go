// Package confluence connects docsctl with Confluence, in the cloud and in a data
// center: bodies in storage format or ADF become Markdown, summaries become storage
// format.
package confluence
