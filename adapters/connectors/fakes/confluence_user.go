package fakes

import (
	"net/http"
	"slices"
	"strings"
)

// ConfluenceUser is a person, as bodies of either deployment refer to them.
type ConfluenceUser struct {
	AccountID string // in the cloud
	UserKey   string // in a Data Center: 32 hexadecimal digits
	Username  string // in a Data Center
	Name      string
}

// ada is the one whose tokens the fake takes.
var ada = ConfluenceUser{AccountID: confluenceUser, UserKey: "8a7ffa4e70a5fa4e70a5fa4e70a50001", Username: "ada", Name: "Ada Lovelace"}

// AddUser makes a person known.
func (f *Confluence) AddUser(u ConfluenceUser) { f.set(func() { f.users = append(f.users, u) }) }

// person is a user as a cloud or a Data Center writes them.
func (u ConfluenceUser) person(q *request) object {
	if strings.HasPrefix(q.URL.Path, DataCenterPath) {
		return object{"type": "known", "username": u.Username, "userKey": u.UserKey, "displayName": u.Name}
	}
	return object{
		"type": "known", "accountId": u.AccountID, "accountType": "atlassian", "email": "", "publicName": u.Name, "displayName": u.Name,
	}
}

func (f *Confluence) currentUser(q *request) answer {
	o := ada.person(q)
	o["email"] = ConfluenceEmail
	o["_links"] = f.linksV1(q)
	if _, inCloud := o["accountId"]; inCloud {
		o["timeZone"] = f.zone.String()
	}
	return ok(o)
}

// bulkUsers leaves out those whom it does not know.
func (f *Confluence) bulkUsers(q *request) answer {
	var in struct {
		AccountIDs []string `json:"accountIds"`
	}
	if err := q.decode(&in); err != nil || len(in.AccountIDs) == 0 || len(in.AccountIDs) > v2Most {
		return v2Error(http.StatusBadRequest, "INVALID_REQUEST_PARAMETER", "accountIds must not be empty")
	}
	items := []object{}
	for _, u := range f.users {
		if slices.Contains(in.AccountIDs, u.AccountID) {
			items = append(items, u.person(q))
		}
	}
	return ok(object{"results": items, "_links": object{"base": q.origin() + "/wiki"}})
}

// userV1 finds a user of a Data Center by key or name.
func (f *Confluence) userV1(q *request) answer {
	query := q.URL.Query()
	for _, u := range f.users {
		if u.UserKey != "" && u.UserKey == query.Get("key") || u.Username != "" && u.Username == query.Get("username") {
			return ok(u.person(q))
		}
	}
	return v1Error(http.StatusNotFound, "NotFoundException", "No user found with the given key or name")
}
