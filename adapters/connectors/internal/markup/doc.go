// Package markup reads the elements that HTML and Confluence's storage format have
// in common into the document tree. What only one of them has, its reader brings.
package markup
