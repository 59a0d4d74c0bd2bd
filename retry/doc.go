// Package retry runs calls again that failed for a reason which may pass.
package retry
