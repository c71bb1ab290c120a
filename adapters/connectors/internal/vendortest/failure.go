package vendortest

import "github.com/docsctl/docsctl/core"

// Details are those of a vendor's failure, or none. What happened is left out: it is
// words for people, which all vendors have of package upstream.
func Details(err error) core.UpstreamDetails {
	if e := core.AsError(err); e != nil {
		d, _ := e.Details.(core.UpstreamDetails)
		d.What = ""
		return d
	}
	return core.UpstreamDetails{}
}

// Invalid is the field that an error refuses with its constraint, such as "cursor
// cursor"; "" for other errors.
func Invalid(err error) string {
	if e := core.AsError(err); e != nil {
		if fields, _ := e.Details.(core.FieldErrors); e.Code == core.CodeValidation && len(fields) == 1 {
			return fields[0].Field + " " + fields[0].Constraint
		}
	}
	return ""
}
