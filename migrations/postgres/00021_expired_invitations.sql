-- Invitations that nobody accepted are found by when they expired.

-- +goose Up
create index users_invited on users (invitation_expires_at) -- docsctl_expired_invitations
    where invitation_hash is not null and deleted_at is null;
grant select (invitation_expires_at, deleted_at) on users to ${definer};

grant create on schema public to ${definer};

-- docsctl_expired_invitations returns the users who were invited and whose invitation
-- expired before a time.
-- +goose StatementBegin
create function docsctl_expired_invitations(p_before timestamptz, p_limit integer)
    returns table (org_id uuid, id uuid)
    language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select u.org_id, u.id from public.users u
    where u.invitation_hash is not null and u.deleted_at is null and u.invitation_expires_at < p_before
    order by u.invitation_expires_at limit p_limit
$$;
-- +goose StatementEnd

revoke all on function docsctl_expired_invitations from public;
grant execute on function docsctl_expired_invitations to ${app};
alter function docsctl_expired_invitations owner to ${definer};
revoke create on schema public from ${definer};

-- +goose Down
drop function docsctl_expired_invitations;
revoke select (invitation_expires_at, deleted_at) on users from ${definer};
drop index users_invited;
