// Package match answers which of many names match a regular expression.
package match
