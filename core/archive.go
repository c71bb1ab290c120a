package core

import "context"

// ArchiveRows takes the rows of an organization, one function a noun. The fields
// stand in the order in which rows can be written: what a row points to comes
// first. Rows are whole, with hashes and what no API shows, but without leases.
type ArchiveRows struct {
	Organization  func(*Organization) error
	User          func(*User) error
	Session       func(*Session) error
	APIKey        func(*APIKey) error
	Template      func(*Template) error // the tenant's own; a global one is the same everywhere
	Integration   func(*Integration) error
	Webhook       func(*Webhook) error
	Delivery      func(*Delivery) error
	Document      func(*Document) error
	PublishedPage func(*PublishedPage) error
	Job           func(*Job) error // those without a parent first
	JobItem       func(*JobItem) error
	Summary       func(*Summary) error
	Idempotent    func(*IdempotentRequest) error // with answers that only who has the key can open
	Audit         func(*AuditEntry) error        // oldest first
	Usage         func(*UsageOfMonth) error
	Event         func(*NewEvent) error // in the log's order
}

// ArchiveReader reads a whole organization.
type ArchiveReader interface {
	// Export calls the functions of to, all of them set, with every row of the
	// tenant as it is at one moment, while others write; noun after noun in the
	// order of to's fields. A row is the function's to keep. It holds one row at a
	// time in memory, and one connection. It returns CodeNotFound for an
	// organization that does not exist or is being imported, and the error of a
	// function as it is, calling none from then on.
	Export(ctx context.Context, to ArchiveRows) error
}
