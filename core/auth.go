package core

import (
	"net/mail"
	"strings"
	"time"
	"unicode/utf8"
)

// Registration is the input of Auth.Register.
type Registration struct {
	OrganizationName string
	Email            string
	Password         string
	Name             string
	From             Origin
}

// Validate returns CodeValidation with every field that does not hold.
func (r Registration) Validate() error {
	var v validation
	v.name("organization_name", r.OrganizationName)
	v.email(r.Email)
	v.password("password", r.Password)
	v.name("name", r.Name)
	return v.err()
}

// SignIn is the input of Auth.Login.
type SignIn struct {
	Email    string
	Password string
	OrgID    OrgID // "": the only organization that the address and password fit
	From     Origin
}

// Acceptance is the input of Auth.Accept.
type Acceptance struct {
	Token    string // of the invitation
	Password string
	Name     string // "": as the admin wrote it
	From     Origin
}

// Validate returns CodeValidation with every field that does not hold.
func (in Acceptance) Validate() error {
	var v validation
	v.password("password", in.Password)
	if in.Name != "" {
		v.name("name", in.Name)
	}
	return v.err()
}

// TokenPair is what a sign-in or a refresh answers. The refresh token is valid
// once; a second use ends every session that came from the same sign-in.
type TokenPair struct {
	AccessToken  string
	RefreshToken string
	ExpiresIn    time.Duration // of the access token
	User         User
	Organization Organization
}

// OrganizationChoice is the Details of the CodeConflict that Auth.Login answers
// when address and password fit in several organizations.
type OrganizationChoice struct {
	Organizations []OrganizationRef `json:"organizations"`
}

// OrganizationRef names an organization.
type OrganizationRef struct {
	ID   OrgID  `json:"id"`
	Name string `json:"name"`
}

// maxEmailBytes is the longest address that SMTP can carry (RFC 5321, 4.5.3.1).
const maxEmailBytes = 254

func (v *validation) email(s string) {
	switch a, err := mail.ParseAddress(s); {
	case s == "":
		v.add("email", "required", "email is required")
	case len(s) > maxEmailBytes:
		v.add("email", "max_length", "email is longer than 254 bytes; use a shorter address")
	case err != nil || a.Address != s || a.Name != "" || !utf8.ValidString(s) || strings.ContainsAny(s, "\x00\r\n\t "):
		v.add("email", "format", "email must be an address such as name@example.org")
	}
}
